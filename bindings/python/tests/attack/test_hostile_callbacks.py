"""Whatever an application's callback does, no call is lost and nothing crashes."""

import pytest
from attacks import Attack

# Each operation meets each callback that does something of the kind. What an interruption raises comes out of the
# operation; afterwards the client is as good as before.
PROGRAM = """
sys.unraisablehook = lambda report: told.append(report.exc_value)
told, met = [], []
class Hostile(Exception):
    __class__ = property(lambda self: 1 / 0)
    def __str__(self): raise RuntimeError
    __repr__ = __hash__ = __eq__ = __str__
class Dying:
    def __call__(self, *_): sys.exit(4)
    def __del__(self): capauth.diagnose(client)
def raising(error):
    def callback(*_):
        raise error
    return callback
def recursion(*_):
    return recursion()
def forget(*_):
    capauth.Client.forgotten = None
    kept.clear()
    gc.collect()
def replace(*_):
    customer.on_change(ACTION)
    customer.on_change(None)
    customer.on_change(ACTION)
def again(*_):
    if len(met) > 9: return  # what a log callback does is logged
    for wait in (customer.generate_otp, call.result, client.prepare, lambda: client.poll(None)):
        try:
            wait()
        except capauth.UsageError as error:
            assert error.name in ("REENTRANT", "BUSY", "WRONG_STEP"), error.name
def start(*_):
    if len(met) < 50:
        kept = [new_session(client).start_generate_token() for _ in range(3)]
        kept[0].cancel()
def other_thread(*_):
    if len(met) < 9:
        thread = threading.Thread(target=lambda: (new_session(client, "92").generate_token(timeout=1), client.poll()))
        thread.start(), thread.join(0.02)
def child(*_):
    if len(met) < 3:
        pid = os.fork()
        if not pid: os._exit(0)
        os.waitpid(pid, 0)
def trace(*_):
    sys.settrace(lambda *_: None)
    sys.setprofile(lambda *_: None)
ACTIONS = {
    "exception": raising(RuntimeError("mine")),
    "hostile exception": raising(Hostile()),
    "keyboard interrupt": raising(KeyboardInterrupt()),
    "exit": raising(SystemExit(3)),
    "memory error": raising(MemoryError()),
    "generator exit": raising(GeneratorExit()),
    "stop iteration": raising(StopIteration()),
    "cancelled": raising(asyncio.CancelledError()),
    "capauth error": raising(capauth.InvalidOtpError("x", code=1506)),
    "recursion": recursion,
    "garbage": lambda *_: gc.collect(),
    "forget": forget,
    "replace": replace,
    "reentrant": again,
    "start": start,
    "close session": lambda *_: customer.close(),
    "close client": lambda *_: client.close(),
    "other thread": other_thread,
    "fork": child,
    "trace": trace,
    "dying": Dying(),
    "deletes handles": lambda *_: (setattr(customer, "_handle", None), delattr(customer, "_handle")),
}
ACTION = ACTIONS[sys.argv[2]]
INTERRUPTIONS = (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError)
def callback(*arguments):
    met.append(arguments)
    return ACTION(*arguments)
def done(operation):
    try:
        return operation()
    except INTERRUPTIONS + (capauth.Error, AttributeError):
        pass
import warnings
warnings.simplefilter("ignore")
for operation in ("generate_token", "start", "poll", "prepare", "reload"):
    options = {sys.argv[1]: callback} if sys.argv[1] in ("log", "trace") else {}
    client = new_client(**options)
    customer, kept = new_session(client), [client]
    call = customer.start_ensure_token()
    if not options:
        customer.on_change(callback)
    done({
        "generate_token": customer.generate_token,
        "start": lambda: customer.start_generate_token().result(),
        "poll": lambda: [customer.start_generate_token(), client.poll(1)],
        "prepare": client.prepare,
        "reload": lambda: customer.reload(customer.export()),
    }[operation])
    done(lambda: customer.on_change(None))
    sys.settrace(None), sys.setprofile(None)
    done(lambda: sign_in(new_session(client, "93")))
    del customer, call, kept
    del client
    gc.collect()
sign_in(new_session(new_client()))
print(len(met) > 0)
"""

ACTIONS = [
    line.split('"')[1] for line in PROGRAM.partition("ACTIONS = {")[2].partition("}\n")[0].splitlines() if '"' in line
]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.replace(" ", "_"))
@pytest.mark.parametrize("callback", ["log", "trace", "on_change"])
def test_callback_does_no_harm(forked: Attack, callback: str, action: str) -> None:
    assert forked(PROGRAM, callback, action) == "True\n"


UNRAISABLE = """
def broken(*_): raise RuntimeError
for hook in (broken, None, 5, lambda report: sys.exit(3)):
    sys.unraisablehook = hook
    client = new_client(log=broken, trace=broken)
    customer = new_session(client)
    customer.on_change(broken)
    sign_in(customer)
del sys.unraisablehook
sys.stderr = None
sign_in(customer)
print("fine")
"""


def test_broken_hook_for_mistakes_in_callbacks_does_no_harm(forked: Attack) -> None:
    assert forked(UNRAISABLE).endswith("fine\n")


# What C holds of a callable is freed anywhere, and may then do anything.
FREED = """
class Callback:
    def __init__(self, client): self.client = client
    def __call__(self, *_): pass
    def use(self):
        try: self.client.poll()
        except capauth.UsageError as error: assert error.name in ("REENTRANT", "CLOSED"), error
    def __del__(self):
        freed.append(self)
        self.use()
        flat.client_set_trace(self.client._handle, None)
        flat.session_new(self.client._handle, flat.FLOW_WEB, BRAND)
from capauth import _flat as flat
freed = []
for setter in (flat.client_set_log, flat.client_set_trace, flat.session_on_change):
    client = new_client()
    customer = new_session(client)
    handle = (customer if setter is flat.session_on_change else client)._handle
    for _ in range(3):
        assert setter(handle, Callback(client)) == flat.OK
    assert setter(handle, None) == flat.OK
    client.close()
    assert setter(handle, Callback(client)) == flat.E_CLOSED
    assert len(freed) == 4, freed
    freed.clear()
customer = new_session(new_client())
sign_in(customer)
print("fine")
"""


def test_callback_that_uses_its_client_when_it_is_freed_waits_for_nobody(forked: Attack) -> None:
    assert forked(FREED) == "fine\n"
