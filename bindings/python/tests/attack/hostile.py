"""Arguments that no honest program gives, for every function of the flat layer and every method of the package.

Run as a program, in a process of its own, since what it looks for is a crash: it prints how much it tried.
"""

import faulthandler
import inspect
import random
import re
import sys
import weakref
from collections.abc import Callable
from typing import Any

import capauth
import capauth.aio
import capauth.storage
from capauth import _failure, _flat

flat: Any = _flat
NOBODY = "https://127.0.0.1:1"  # refuses connections at once
HANG_SECONDS = 60


class Text(str):
    """Its every special method is a trap, where Python asks it at all."""

    def trap(self, *_arguments: object) -> Any:
        raise RuntimeError("trapped")

    __str__ = __eq__ = __ne__ = __len__ = __iter__ = __getitem__ = __contains__ = trap
    encode = trap  # type: ignore[assignment]
    __hash__ = trap


class Number(int):
    __index__ = __int__ = __eq__ = __bool__ = Text.trap
    __hash__ = Text.trap


class Bytes(bytes):
    __len__ = __iter__ = __getitem__ = __buffer__ = Text.trap


class Itself:
    """Whose handle is the object, for ever."""

    this = property(lambda self: self)


class Another:
    """Whose handle is each time another such object."""

    this = property(lambda self: type(self)())


class Temporary:
    """Whose handle nobody else holds."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    this = property(lambda self: self.make()[1].this)


class Thief:
    """Takes away, while a later argument is looked at, what the earlier ones gave."""

    def __init__(self, valid: dict[str, Any]) -> None:
        self.valid = valid

    @property
    def this(self) -> Any:
        for handle in self.valid.values():
            handle.__dict__.pop("this", None)
        return None


class Interruption(BaseException):
    pass


class Raising:
    @property
    def this(self) -> Any:
        raise Interruption

    __call__ = __iter__ = __len__ = keys = items = Text.trap


def handles() -> dict[str, Any]:
    """One of each, by the name of its class."""
    client = flat.client_new()[1]
    flat.client_set_base_url(client, NOBODY)
    flat.client_set_max_retries(client, 0)
    session = flat.session_new(client, flat.FLOW_MOBILE, "B")[1]
    flat.session_set_identifier(session, flat.IDENTIFIER_MOBILE, "919999999993")
    flat.session_set_device_id(session, "d")
    return {
        "ClientHandle": client,
        "SessionHandle": session,
        "OptionsHandle": flat.options_new()[1],
        "CallHandle": flat.token_generate(session, None)[1],
    }


def hostile(valid: dict[str, Any]) -> list[Any]:
    client = valid["ClientHandle"]
    raw = client.this
    blank = [object.__new__(type(handle)) for handle in valid.values()]
    closed = handles()
    flat.client_close(closed["ClientHandle"])
    return [
        *(None, NotImplemented, ..., True, 0, -1, 2**31, -(2**31) - 1, 2**63, -(2**63) - 1, 10**400, Number(1)),
        *(1.5, float("nan"), float("inf"), 1j),
        *("", "x", "\0", "a\0b", "\ud800", "\x7f\r\n", "x" * 10**5, Text("x")),
        *(b"", b"\0", b"\xff", Bytes(b"x"), bytearray(), bytearray(b"\0"), bytearray(b"x"), memoryview(b"x")),
        *((), [], {}, set(), [None], {None: None}, {"a": object()}, {1: 2}, iter(()), range(10**12)),
        *(object(), object, type, len, lambda *_: None, flat, Raising(), Itself(), Another()),
        *(Temporary(flat.client_new), Temporary(flat.options_new), Thief(handles())),
        *(raw, type(raw), object.__new__(type(raw)), weakref.proxy(client), weakref.ref(client)),
        *blank,
        *valid.values(),
        *closed.values(),
        *(Interruption(), Interruption, capauth.Error),
    ]


class Attack:
    """Calls things, and counts how often. Whatever comes out must be an ordinary exception: what C left in disorder
    is a SystemError."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.functions = self.calls = 0
        self.name = ""

    def call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        self.calls += 1
        try:
            result = function(*arguments, **named)
            if inspect.iscoroutine(result):
                result.close()
        except (Interruption, GeneratorExit):
            pass
        except SystemError as error:
            raise AssertionError(f"{self.name}{arguments!r:.300} {named!r:.300}: {error}") from error
        except Exception:
            pass


def parameters(function: Callable[..., Any]) -> list[str]:
    """The C types and names, from the signature that SWIG wrote."""
    text = re.match(r"\w+\((.*)\)", function.__doc__ or "")
    assert text, function
    return text[1].split(", ") if text[1] else []


def names_of_flat() -> list[str]:
    return [name for name in dir(flat) if inspect.isfunction(getattr(flat, name)) and not name.startswith("_")]


def honest(parameter: str, valid: dict[str, Any]) -> Any:
    kind, _, name = parameter.rpartition(" ")
    if kind in valid:
        return valid[kind]
    if "callback" in name or "callable" in name or name == "make":
        return lambda *_: None
    return 1 if kind in ("int", "int64_t") else "x"


def waits(name: str) -> bool:
    """With a time that may be as long as it likes."""
    return name in ("call_wait", "client_poll")


def attack_flat(attack: Attack) -> None:
    kept = flat.set_invalid_argument
    for name in names_of_flat():
        attack.name = name
        function: Any = getattr(flat, name)
        expected = parameters(function)
        valid = handles()
        values = hostile(valid)
        attack.functions += 1
        for count in range(len(expected) + 2):
            attack.call(function, *[None] * count)
        for position in range(len(expected)):
            for value in values:
                if waits(name) and position == 1 and type(value) is int:
                    continue
                arguments = [honest(parameter, valid) for parameter in expected]
                arguments[position] = value
                attack.call(function, *arguments)
        for _ in range(0 if waits(name) else 20):
            attack.call(function, *attack.random.choices(values, k=len(expected)))
        if name == "set_invalid_argument":
            kept(_failure.invalid_argument)
    steal(attack)


def steal(attack: Attack) -> None:
    """What the first arguments gave goes away while the last one is looked at."""
    for name in names_of_flat():
        function: Any = getattr(flat, name)
        expected = parameters(function)
        valid = handles()
        arguments = [honest(parameter, valid) for parameter in expected[:-1]]
        attack.name = name
        if len(expected) > 1 and not waits(name):
            attack.call(function, *arguments, Thief(valid))


def attack_raw_object(attack: Attack) -> None:
    """SWIG's own object under a handle, by all that it has, then that it is as good as before."""
    valid = handles()
    for handle in valid.values():
        for target in (handle, handle.this, type(handle), type(handle.this)):
            for name in dir(target):
                attack.name = f"{type(target).__name__}.{name}"
                method = getattr(target, name)
                if callable(method) and name not in ("__class__", "__setattr__", "__delattr__", "__reduce__", "mro"):
                    attack.functions += 1
                    for arguments in ((), (None,), (handle,), (handle.this,), (5, 5)):
                        attack.call(method, *arguments)
    assert flat.client_close(valid["ClientHandle"]) == flat.OK
    low = flat._capauth
    left = [name for name in dir(low) if name.startswith("delete_") or name.endswith("_swigregister")]
    assert not left, f"a program could free a handle twice by {left}"


def objects() -> list[Any]:
    """Of each class of the package: as it should be, closed, and never made."""
    client = capauth.Client(base_url=NOBODY, max_retries=0, timeout=1)
    session = client.session(brand="B", mobile="919999999993", device_id="d")
    other = capauth.aio.Client(base_url=NOBODY)
    closed = capauth.Client(base_url=NOBODY)
    late = closed.session(brand="B", mobile="919999999993", device_id="d")
    closed.close()
    good = [client, session, session.start_generate_token(), other, other.session(brand="B", flow="web", mobile="1")]
    values = [session.otp, capauth.Reply(200, True, 0, "", b"{}"), capauth.InvalidOtpError("x", code=1506)]
    return [*good, closed, late, late.start_ensure_token(), *values, *(object.__new__(type(thing)) for thing in good)]


def methods(thing: Any) -> list[str]:
    left_out = ("__class__", "__new__", "__subclasshook__", "__init_subclass__", "__del__")
    return [name for name in dir(type(thing)) if name not in left_out]


def attack_methods(attack: Attack) -> None:
    values = hostile(handles())
    wrong = [value for value in values if value is not None and not isinstance(value, int | float)]  # no time at all
    for index, kind in enumerate(objects()):
        for name in methods(kind):
            attack.name = f"{type(kind).__name__}.{name}"
            thing = objects()[index]
            attack.call(setattr, thing, name, None)
            attack.call(delattr, thing, name)
            try:
                method = getattr(thing, name)
            except Exception:
                continue
            if callable(method):
                attack.functions += 1
                attack_method(attack, method, wrong if name in ("poll", "_poll", "wait") else values)
                attack.call(repr, thing)


def attack_method(attack: Attack, method: Callable[..., Any], values: list[Any]) -> None:
    names = keywords(method)
    for value in values:
        attack.call(method, value)
        attack.call(method, *attack.random.choices(values, k=2))
        if names:
            attack.call(method, **{attack.random.choice(names): value})


def keywords(method: Callable[..., Any]) -> list[str]:
    try:
        return [name for name, kind in inspect.signature(method).parameters.items() if kind.kind != kind.VAR_KEYWORD]
    except (TypeError, ValueError):
        return []


def attack_functions(attack: Attack) -> None:
    """The package's own: classes, and what is not in any."""
    values = hostile(handles())
    for module in (capauth, capauth.aio, capauth.storage):
        for name in module.__all__:
            function = getattr(module, name)
            if callable(function) and name != "Emulator":
                attack.name = name
                attack.functions += 1
                for value in values:
                    attack.call(function, value)
                    for keyword in keywords(function):
                        attack.call(function, **{keyword: value})


def counted(attack: Attack) -> None:
    """No call leaves a reference behind, or takes one too many."""
    witness = Text("a witness")
    for name in names_of_flat():
        function: Any = getattr(flat, name)
        expected = parameters(function)
        valid = handles()
        for position, parameter in enumerate(expected):
            if waits(name) or "callback" in parameter or "PyObject" in parameter:
                continue
            for value in (witness, valid["OptionsHandle"], valid["CallHandle"].this, object()):
                before = sys.getrefcount(value)
                arguments = [honest(other, valid) for other in expected]
                arguments[position] = value
                attack.call(function, *arguments)
                del arguments
                assert sys.getrefcount(value) == before, f"{name}: {before} references became {sys.getrefcount(value)}"


def main(seed: int) -> None:
    faulthandler.enable()
    faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
    sys.unraisablehook = lambda _report: None
    attack = Attack(seed)
    for part in (attack_flat, attack_raw_object, attack_methods, attack_functions, counted):
        part(attack)
    flat.set_invalid_argument(_failure.invalid_argument)
    print(attack.functions, len(hostile(handles())), attack.calls)


if __name__ == "__main__":
    main(int(sys.argv[1]))
