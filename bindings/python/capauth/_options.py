"""Hands optional arguments to the core's setters: those of a client, and those of one call."""

from __future__ import annotations

import math
import reprlib
from collections import abc

from . import _flat as flat
from ._errors import InvalidArgumentError
from ._failure import error_of_setter, invalid_argument, value_or_raise
from ._later import datetime, json, types, typing

LONGEST_MS = 2**31 - 1

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 80


def milliseconds(argument: str, seconds: float, longest: int = LONGEST_MS) -> int:
    """What the core takes; it refuses what is out of its range, we only what no int can hold."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"{argument} must be a number of seconds, not {type(seconds).__name__}")
    if math.isnan(seconds):
        raise invalid_argument(argument, "must be a number")
    value = max(-longest, min(longest, seconds * 1000))
    return max(1, round(value)) if value > 0 else math.floor(value)


def pairs(argument: str, values: types.Headers | types.Query) -> abc.Iterable[tuple[str, typing.Any]]:
    """The items of a mapping, or of an iterable of pairs, which may name a thing twice."""
    items: typing.Any = getattr(values, "items", None)
    if isinstance(values, str | bytes):
        raise TypeError(f"{argument} must be a mapping, not {type(values).__name__}")
    return items() if items else values  # type: ignore[return-value]


def named(argument: str, name: object) -> str:
    """What a message calls the value of that name in a mapping; whatever is long is cut in its middle."""
    return f"{argument}[{_short.repr(name)}]"


def checked(
    argument: str, setter: abc.Callable[[], int], message: abc.Callable[[], str], seconds: float | None = None
) -> None:
    """Calls a setter; its error names our argument, which need not be the core's."""
    try:
        code = setter()
    except InvalidArgumentError as error:  # of a text that C cannot hold
        raise invalid_argument(argument, error.message.partition(" ")[2]) from None
    except OverflowError:
        raise invalid_argument(argument, "is out of range") from None
    except TypeError as error:
        raise TypeError(f"{argument}: {error}") from None
    if code:
        raise error_of_setter(code, argument, message(), seconds)


class CallOptions:
    """The options of one call, made only when there are any."""

    handle: flat.OptionsHandle | None = None

    def set(self, argument: str, setter: abc.Callable[..., int], *values: object, seconds: float | None = None) -> None:
        if self.handle is None:
            self.handle = value_or_raise(flat.options_new())
        handle = self.handle
        checked(
            argument,
            lambda: setter(handle, *values),
            lambda: str(value_or_raise(flat.options_copy_error_message(handle))),
            seconds,
        )

    def seconds(self, argument: str, setter: abc.Callable[..., int], seconds: float) -> None:
        self.set(argument, setter, milliseconds(argument, seconds), seconds=seconds)

    def pairs(self, argument: str, setter: abc.Callable[..., int], values: types.Headers) -> None:
        for name, value in pairs(argument, values or {}):
            self.set(named(argument, name), setter, name, value)

    def query(self, query: types.Query) -> None:
        for name, value in pairs("query", query or {}):
            if isinstance(value, int):
                value = str(value).lower() if isinstance(value, bool) else str(value)
            self.set(named("query", name), flat.options_add_query, name, value)

    def payload(self, payload_hash: str | None, payload_timestamp: datetime.datetime | int | None) -> None:
        if isinstance(payload_timestamp, datetime.datetime):
            payload_timestamp = round(payload_timestamp.timestamp() * 1000)
        if payload_hash is None:
            raise invalid_argument("payload_hash", "is missing: payload_timestamp needs it")
        if payload_timestamp is not None and not 0 <= payload_timestamp < 2**63:
            raise invalid_argument("payload_timestamp", "must be a time after 1970")
        self.set("payload_hash", flat.options_set_otp_hash, payload_hash, payload_timestamp or 0)


def body_text(body: str | types.Json | None) -> str | None:
    """What a gateway call sends."""
    if body is None or isinstance(body, str):
        return body
    if not isinstance(body, abc.Mapping | list | tuple):
        raise TypeError(f"body must be str, a mapping or a list, not {type(body).__name__}")
    value = dict(body) if isinstance(body, abc.Mapping) else body
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
