"""Closed, cancelled, interrupted or dropped at any moment: the outcome is one of ours, and nothing is left behind."""

import importlib

import pytest
from attacks import SECONDS, SEED, Attack

LOOP_OF = {
    "asyncio": "",
    "uvloop": "import uvloop\nasyncio.run, asyncio.new_event_loop = uvloop.run, uvloop.new_event_loop\n",
}


@pytest.fixture(params=LOOP_OF)
def loop(request: pytest.FixtureRequest) -> str:
    """What a program says first to run in that loop."""
    try:
        importlib.import_module(request.param)
    except ImportError:
        pytest.skip(f"{request.param} is not there for this Python")
    return LOOP_OF[request.param]


# Every method of every class, while another thread closes what it belongs to.
CLOSED = """
import inspect
moments = random.Random(int(sys.argv[1]))
def methods(thing):
    skip = ("close", "session", "external_session", "fileno", "on_change", "wait", "poll")
    for name in dir(type(thing)):
        if name[0] != "_" and name not in skip:
            yield name
def use(thing, name):
    try:
        member = getattr(thing, name)
        if callable(member):
            needed = [p for p in inspect.signature(member).parameters.values() if p.default is p.empty]
            member(*["123456"] * len(needed))
    except (capauth.Error, ValueError, TypeError):
        pass
    except BaseException as error:
        strange.append((name, error))
strange = []
for name in sorted({*methods(capauth.Client(cluster="EU")), *dir(capauth.Session), *dir(capauth.Call)}):
    client = new_client(timeout=5)
    session = new_session(client)
    call = session.start_generate_token()
    things = [thing for thing in (client, session, call) if name in methods(thing)]
    threads = [threading.Thread(target=use, args=(thing, name)) for thing in things for _ in range(2)]
    for thread in threads: thread.start()
    time.sleep(moments.uniform(0, 0.003))
    moments.choice([client.close, session.close, call.cancel])()
    client.close()
    for thread in threads: thread.join()
assert not strange, strange
print("fine")
"""


def test_whatever_is_used_while_another_thread_closes_it_ends(forked: Attack) -> None:
    assert forked(CLOSED, SEED) == "fine\n"


# A task is cancelled after each number of the loop's turns; afterwards the session is free for the next operation.
CANCELLED = """
async def main():
    async with new_client(capauth.aio.Client) as client:
        for turns in range(int(sys.argv[1])):
            session = new_session(client, f"91{turns}")
            task = asyncio.ensure_future(sign_in_there(session))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            try:
                await task
            except (asyncio.CancelledError, capauth.CancelledError):
                pass
            await session.generate_token()
            assert session.next_step == "otp_generate" or session.signed_in
async def sign_in_there(session):
    await client_prepare(session)
    await session.generate_token()
    await session.generate_otp()
    await session.validate_otp("012345")
async def client_prepare(session):
    await session._client.prepare()
asyncio.run(main())
print("fine")
"""


def test_task_is_cancelled_at_every_await(forked: Attack, loop: str) -> None:
    assert forked(loop + CANCELLED, 40 + 10 * round(SECONDS)) == "fine\n"


LOOPS = """
async def begin(client, calls):
    calls.append(new_session(client).start_generate_token())
    asyncio.ensure_future(new_session(client, "92").generate_token())
    await asyncio.sleep(0)
import warnings
warnings.simplefilter("ignore")
calls = []
for _ in range(5):
    client = new_client(capauth.aio.Client)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin(client, calls))
    loop.close()  # with calls in flight
    asyncio.run(begin(client, calls))
    client.close()
async def sign_in_alone(number):
    async with new_client(capauth.aio.Client) as client:
        for _ in range(5):
            await new_session(client, f"9{number}").generate_token()
threads = [threading.Thread(target=lambda n=n: asyncio.run(sign_in_alone(n))) for n in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
calls.clear()
del client, loop
gc.collect()
print("fine")
"""


def test_loops_end_with_calls_in_flight_and_run_beside_each_other(forked: Attack, loop: str) -> None:
    assert forked(loop + LOOPS).endswith("fine\n")


# An exception from a signal's handler, anywhere in whatever waits.
SIGNALS = """
class Alarm(Exception): pass
def ring(*_): raise Alarm
signal.signal(signal.SIGALRM, ring)
moments = random.Random(int(sys.argv[1]))
client = new_client(log=lambda *_: None, trace=lambda _: None)
rung = 0
for turn in range(int(sys.argv[2])):
    customer = new_session(client, f"91{turn}")
    customer.on_change(lambda changed: changed.export())
    try:
        signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.0001, 0.01))
        while True:
            moments.choice([customer.generate_token, client.prepare, lambda: client.poll(0.01),
                            lambda: customer.start_ensure_token().wait(0.01), customer.export])()
    except Alarm:
        rung += 1
    except capauth.Error as error:
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert error.name in ("BUSY", "CANCELLED", "UNKNOWN_OUTCOME"), error.name
    client.poll()
    sign_in(customer)
assert rung > 0
print("fine")
"""


def test_signal_handler_raises_at_any_moment_of_whatever_waits(forked: Attack) -> None:
    assert forked(SIGNALS, SEED, 60 + 30 * round(SECONDS)) == "fine\n"


LEAKED = """
import resource
def leak(count):
    for number in range(count):
        client = new_client(log=lambda *_: client, trace=lambda _: client)
        session = new_session(client, f"9{number}")
        session.on_change(lambda changed: session)
        cycle = [client, session, session.start_generate_token(), client.start_prepare()]
        cycle.append(cycle)
        client.poll()
        if number % 50 == 0: del client, session, cycle; gc.collect()
def bytes_used(): return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
leak(100)
gc.collect()
descriptors, before = len(os.listdir("/proc/self/fd")), bytes_used()
leak(int(sys.argv[1]))
gc.collect()
assert len(os.listdir("/proc/self/fd")) <= descriptors, (os.listdir("/proc/self/fd"), descriptors)
assert bytes_used() - before < 20 * 2**20 + int(sys.argv[1]) * 1000, (before, bytes_used())
print("fine")
"""


def test_thousands_of_dropped_handles_give_back_what_they_had(forked: Attack) -> None:
    assert forked(LEAKED, 400 + 100 * round(SECONDS)) == "fine\n"
