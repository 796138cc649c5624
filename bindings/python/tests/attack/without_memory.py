"""An interpreter without memory: each function of the flat layer, each method of the package and a whole sign-in, while
one of Python's own allocations fails, the first, the second, and so on; or all from that one on.

Run as a program, in a process of its own, since what it looks for is a crash, a hang, a lost reference, or a result
without an exception (SystemError); it prints how much it tried. What C allocates is `torture`'s.

CPython itself is not proof against it, in programs without capauth, too: where a frame, a function or a cell finds no
memory, 3.11 loses the exception, which is counted, and 3.12 crashes; where a handler finds none, 3.11 never ends. So
from 3.12 on it is the flat layer alone, and what lasts is tried with that alone.
"""

import _testcapi  # type: ignore[import-not-found]
import contextlib
import faulthandler
import functools
import gc
import inspect
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

import hostile

import capauth
import capauth.aio
from capauth import _failure, _flat

flat: Any = _flat
HANG_SECONDS = 60
MOST_PLACES = 5000
CALM = 10  # so many runs in a row that did not run out: there is no place left

Action = Callable[[], object]
Make = Callable[[], tuple[Action, list[object]]]


def outcome(action: Action, first: int = -1, last: int = 0) -> BaseException | None:
    """How it ends if the allocations `first` to `last`, counted from 0, fail; 0: all from `first` on."""
    error = None
    if first >= 0:
        sys._clear_type_cache()  # what is cached is not looked up with an exception on its way
        _testcapi.set_nomemory(first, last)
    try:
        action()
    except BaseException as caught:
        error = caught
    finally:
        _testcapi.remove_mem_hooks()
    return error


def kind(error: BaseException | None) -> object:
    return error.name if isinstance(error, capauth.Error) else type(error)


def is_lost_by_python(error: BaseException | None) -> bool:
    """Of a function in Python, that is; what C has lost names a built-in function."""
    words = ("error return without exception set", "<function ")
    return isinstance(error, SystemError) and str(error).startswith(words)


def references(witnesses: list[object]) -> list[int]:
    return [sys.getrefcount(witness) for witness in witnesses]


CAME_OUT, RAN_OUT, LOST = b"orl"  # what a child tells of each place


class Trial:
    def __init__(self, stride: int, seed: int, *, lasting: bool) -> None:
        self.stride = stride
        self.seed = seed
        self.lasting = (False, True) if lasting else (False,)
        self.actions = self.runs = self.failures = self.lost = 0

    def each_place(self, name: str, make: Make) -> None:
        """`make` gives, with all memory, what is to be done, and whose references are counted."""
        self.actions += 1
        usual = kind(outcome(make()[0]))
        for lasting in self.lasting:
            places = list(range(self.seed % self.stride, MOST_PLACES, self.stride))
            while places:
                told = in_child(functools.partial(walk, name, make, usual, lasting, places))
                self.runs += len(told)
                self.failures += len(told) - told.count(CAME_OUT)
                self.lost += told.count(LOST)
                places = [] if told[-CALM:] == bytes([CAME_OUT]) * CALM else places[len(told) :]


def walk(name: str, make: Make, usual: object, lasting: bool, places: list[int], tell: Callable[[int], None]) -> None:
    """As far as until nothing runs out any more, or until Python has lost an exception: it is in disorder then."""
    calm = 0
    for place in places:
        action, witnesses = make()
        before = references(witnesses)
        error = outcome(action, place, 0 if lasting else place + 1)
        lost = is_lost_by_python(error)
        ran_out = lost or isinstance(error, MemoryError) or kind(error) == "NO_MEMORY"
        told = f"{name} without allocation {place}{', and all after it' * lasting}"
        if not ran_out and kind(error) != usual:
            raise AssertionError(f"{told} ends with {error!r}, not with {usual}") from error
        del error
        if not lost and references(witnesses) != before:
            gc.collect()  # an exception and the frames that it went through are a circle
            assert references(witnesses) == before, f"{told}: {before} became {references(witnesses)} references"
        tell(LOST if lost else RAN_OUT if ran_out else CAME_OUT)
        calm = 0 if ran_out else calm + 1
        if lost or calm == CALM:
            return
    assert kind(outcome(make()[0])) == usual, f"{name} does not work any more"


def in_child(work: Callable[[Callable[[int], None]], None]) -> bytes:
    """What the work tells, in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        signal.alarm(HANG_SECONDS)
        try:
            work(lambda told: (os.write(writing, bytes([told])), None)[1])
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        raise SystemExit(f"a child ended with {status} after {len(told)} places")
    return told


def try_flat(trial: Trial) -> None:
    for name in hostile.names_of_flat():
        function: Any = getattr(flat, name)
        expected = hostile.parameters(function)

        def make(function: Any = function, expected: list[str] = expected) -> tuple[Action, list[object]]:
            valid = hostile.handles()
            flat.call_cancel(valid["CallHandle"])
            flat.client_poll(valid["ClientHandle"], 0)  # else the session is busy
            arguments = [hostile.honest(parameter, valid) for parameter in expected]
            witnesses = [each for handle in valid.values() for each in (handle, handle.this)]
            return functools.partial(function, *arguments), witnesses

        trial.each_place(name, make)
        if name == "set_invalid_argument":
            flat.set_invalid_argument(_failure.invalid_argument)


def needed(method: Callable[..., Any]) -> int:
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):
        return 0
    fixed = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return sum(each.default is each.empty and each.kind not in fixed for each in signature.parameters.values())


def objects() -> list[Any]:
    client = capauth.Client(base_url=hostile.NOBODY, max_retries=0, timeout=1, log=lambda *_: None)
    session = client.session(brand="B", mobile="919999999993", device_id="d")
    session.on_change(lambda _changed: None)
    other = capauth.aio.Client(base_url=hostile.NOBODY)
    return [client, session, session.start_generate_token(), other, other.session(brand="B", flow="web", mobile="1")]


GIVEN: tuple[object, ...] = ("919999999993", 0.01, lambda *_: None)  # what all of a method's arguments are, one of it


def used(thing: Any, name: str, given: object) -> Action:
    count = needed(getattr(thing, name, None) or len)

    def use() -> None:
        member = getattr(thing, name)
        if callable(member):
            result = member(*[given] * count)
            if inspect.iscoroutine(result):
                result.close()

    return use


def fitting(index: int, name: str) -> object:
    return next(given for given in GIVEN if kind(outcome(used(objects()[index], name, given))) is not TypeError)


def try_methods(trial: Trial) -> None:
    """Also what fails by itself: there is no server."""
    for index, thing in enumerate(objects()):
        for name in ["__repr__", *(name for name in dir(type(thing)) if not name.startswith("_"))]:
            given = fitting(index, name)

            def make(index: int = index, name: str = name, given: object = given) -> tuple[Action, list[object]]:
                return used(objects()[index], name, given), []

            trial.each_place(f"{type(thing).__module__}.{type(thing).__name__}.{name}", make)


def life(told: list[str]) -> None:
    """A sign-in with all its callbacks, and what may follow."""
    options: dict[str, Any] = {"base_url": os.environ["URL"], "ca_file": os.environ["CA_FILE"]}
    with capauth.Client(log=lambda _level, text: told.append(text), **options) as client:
        customer = client.session(brand=os.environ["BRAND"], mobile="919999999993", device_id="d")
        customer.on_change(lambda changed: told.append(changed.export()))
        customer.generate_token()
        customer.generate_otp()
        customer.validate_otp("012345")
        customer.gateway("GET", "customer/get").json()
        calls = [customer.start_ensure_token() for _ in range(3)]
        while any(not call.done() for call in calls):
            client.poll(0.1)
        client.restore(customer.export()).regenerate_token()
        with contextlib.suppress(capauth.InvalidOtpError):
            customer.validate_otp("543210")


def try_life(trial: Trial) -> None:
    trial.each_place("a sign-in", lambda: (lambda: life([]), []))
    gc.collect()


def main(seed: int, stride: int) -> None:
    faulthandler.enable()
    sys.unraisablehook = lambda _report: None
    parts = (try_flat, 1), (try_methods, stride), (try_life, 10 * stride)
    trials = []
    for part, each in parts if sys.version_info < (3, 12) else parts[:1]:
        trials.append(Trial(each, seed, lasting=part is try_flat))
        part(trials[-1])
    print(*map(sum, zip(*((each.actions, each.runs, each.failures, each.lost) for each in trials), strict=True)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
