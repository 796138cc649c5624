"""The end of a process is quiet, whatever is in flight and in whatever order things are freed."""

import pytest
from attacks import SECONDS, SEED, Attack

IN_FLIGHT = """
client = new_client(log=lambda *_: None, trace=lambda _: None)
customer = new_session(client)
customer.on_change(lambda changed: None)
call = customer.start_generate_token()
client.poll()
"""

ENDINGS = {
    "return": "",
    "exit": "sys.exit(0)",
    "exit at once": "os._exit(0)",
    "exit in a callback": "customer.on_change(lambda changed: sys.exit(0))\ncall.result()",
    "exit at once in a callback": "customer.on_change(lambda changed: os._exit(0))\ncall.result()",
    "atexit waits": "atexit.register(call.result)",
    "atexit closes": "atexit.register(client.close)",
    "atexit starts and drops": "atexit.register(lambda: customer.start_ensure_token() and None)",
    "finalizers": "weakref.finalize(client, print)\nweakref.finalize(customer, customer._client.close)",
    "daemon waits": "threading.Thread(target=call.wait, daemon=True).start()",
    "daemon polls": "threading.Thread(target=client.poll, args=(None,), daemon=True).start()",
    "thread outlives main": "threading.Thread(target=lambda: (time.sleep(0.1), call.result())).start()",
    "cycles": "cycle = [client, customer, call]\ncycle.append(cycle)\nsys.cycle = cycle",
    "in another module": "import types\nsys.modules['late'] = late = types.ModuleType('late')\nlate.call = call",
    "in the first module": "sys.call, sys.client = call, client\ndel call, client, customer",
    "del order": "import builtins\nbuiltins.customer, builtins.call = customer, call\ndel client",
    "del uses handles": """
class Late:
    def __init__(self, *held): self.held = held
    def __del__(self):
        for thing in self.held: thing.close() if hasattr(thing, "close") else thing.cancel()
        self.held[0].start_prepare()
late, sys.late = Late(client, customer, call), Late(client, customer, call)
""",
    "logging": "import logging\nlogging.basicConfig(level=logging.DEBUG, stream=sys.stdout)\nnew_client().poll()",
    "asyncio": """
async def main():
    global other, waiting
    other = new_client(capauth.aio.Client)
    waiting = new_session(other).start_generate_token()
asyncio.run(main())
""",
    "asyncio in a daemon": """
async def main():
    other = new_client(capauth.aio.Client)
    while True: await new_session(other).generate_token()
threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()
time.sleep(0.1)
""",
    "executor": """
import concurrent.futures
pool = concurrent.futures.ThreadPoolExecutor(4)
waits = [pool.submit(new_session(client, f"9{number}").generate_token) for number in range(8)]
""",
    "profiler": "sys.setprofile(lambda *_: None)\nthreading.setprofile(lambda *_: None)\ncall.cancel()",
}


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.replace(" ", "_"))
def test_process_ends_with_calls_in_flight(attack: Attack, ending: str) -> None:
    attack(IN_FLIGHT + ENDINGS[ending])


def test_failure_at_the_end_is_told_and_ends_the_process(attack: Attack) -> None:
    attack(IN_FLIGHT + "1 / 0", status=1)


# Threads that the end of the interpreter finds anywhere: in C, in a callback, on the way between them.
ANY_MOMENT = """
def work(number):
    client = new_client(log=lambda *_: gc.collect(0), trace=lambda _: None)
    while True:
        customer = new_session(client, f"91{number}")
        customer.on_change(lambda changed: changed.export())
        sign_in(customer)
for number in range(3):
    threading.Thread(target=work, args=(number,), daemon=True).start()
time.sleep(random.Random(int(sys.argv[1])).uniform(0, 0.15))
"""


def test_process_ends_at_any_moment_of_its_daemon_threads(attack: Attack) -> None:
    for number in range(max(6, round(SECONDS * 3))):
        attack(ANY_MOMENT, SEED * 1000 + number)


# The parent forks while other threads are in the midst of operations; the child frees what it has inherited. Locks of
# OpenSSL may be held for ever, by threads that the child does not have: it makes no new client, and leaves without
# OpenSSL's own clean-up, which waits for them.
FORKS = """
def work(client, number):
    while not over:
        new_session(client, f"91{number}").generate_token()
over = False
client = new_client(trace=lambda _: None, log=lambda *_: None)
threads = [threading.Thread(target=work, args=(client, number)) for number in range(2)]
for thread in threads: thread.start()
kept = new_session(client)
for _ in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        signal.alarm(30)
        try:
            kept.generate_token()
        except capauth.UsageError as error:
            assert error.name == "FORKED"
        kept.export()
        del client, kept
        gc.collect()
        os._exit(7)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended != 7: break
over = True
for thread in threads: thread.join()
assert ended == 7, ended
sign_in(kept)
"""


def test_child_that_was_forked_in_the_midst_of_threads_frees_what_it_inherited(attack: Attack) -> None:
    attack("import warnings\nwarnings.simplefilter('ignore')\n" + FORKS, round(5 + SECONDS))


POOL = """
import multiprocessing
def work(number):
    return new_session(new_client(), f"9{number}").generate_token()
def inherited(number):
    try:
        return client.prepare()
    except capauth.UsageError as error:
        return error.name
client = new_client()
client.prepare()
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(work, range(6)) == [None] * 6
    assert set(pool.map(inherited, range(6))) == {"FORKED"}
client.prepare()
"""


def test_pool_of_processes_has_clients_of_its_own(attack: Attack) -> None:
    attack(POOL)


INTERPRETERS = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
REFUSED = '''
for _ in range(2):
    try:
        import capauth
    except ImportError as error:
        assert "interpreter" in str(error), error  # for some kinds Python itself says so
    else:
        raise SystemExit("capauth was imported")
'''
def refused(*arguments):
    interpreter = interpreters.create(*arguments)
    failed = interpreters.run_string(interpreter, REFUSED)
    assert failed is None, failed
    interpreters.destroy(interpreter)
kinds = [()] + ([("isolated",), ("legacy",)] if sys.version_info >= (3, 13) else [])
for kind in kinds:
    refused(*kind)
    thread = threading.Thread(target=refused, args=kind)
    thread.start(), thread.join()
"""


@pytest.mark.parametrize("head", [True, False], ids=["capauth_first", "sub_interpreter_first"])
def test_sub_interpreters_of_every_kind_are_refused(attack: Attack, head: bool) -> None:
    if head:
        attack(INTERPRETERS + "sign_in(new_session(new_client()))\n")
    else:
        attack(INTERPRETERS + "import capauth\ncapauth.Client(cluster='EU').close()\n", head="import sys, threading\n")
