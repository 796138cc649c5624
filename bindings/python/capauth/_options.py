"""Hands optional arguments to the core's setters: those of a client, and those of one call."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from . import _flat as flat
from ._errors import InvalidArgumentError
from ._failure import error_of_setter, gained, invalid_argument
from ._types import Headers, Query, Secret

LONGEST_MS = 2**31 - 1


def milliseconds(argument: str, seconds: float, longest: int = LONGEST_MS) -> int:
    """What the core takes; it refuses what is out of its range, we only what no int can hold."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"{argument} must be a number of seconds, not {type(seconds)}")
    if math.isnan(seconds):
        raise invalid_argument(argument, "is not a number")
    value = max(-longest, min(longest, seconds * 1000))
    return max(1, round(value)) if value > 0 else math.floor(value)


def pairs(argument: str, values: Headers | Query) -> Iterable[tuple[str, Any]]:
    """The items of a mapping, or of an iterable of pairs, which may name a thing twice."""
    items: Any = getattr(values, "items", None)
    if isinstance(values, str | bytes):
        raise TypeError(f"{argument} must be a mapping, not {type(values)}")
    return items() if items else values  # type: ignore[return-value]


def checked(argument: str, setter: Callable[[], int], message: Callable[[], str], seconds: float | None = None) -> None:
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

    __slots__ = ("handle",)

    def __init__(self) -> None:
        self.handle: flat.OptionsHandle | None = None

    def set(self, argument: str, setter: Callable[..., int], *values: object, seconds: float | None = None) -> None:
        if self.handle is None:
            self.handle = gained(flat.options_new())
        handle = self.handle
        checked(
            argument,
            lambda: setter(handle, *values),
            lambda: str(gained(flat.options_copy_error_message(handle))),
            seconds,
        )

    def seconds(self, argument: str, setter: Callable[..., int], seconds: float | None) -> None:
        if seconds is not None:
            self.set(argument, setter, milliseconds(argument, seconds), seconds=seconds)

    def common(self, timeout: float | None, headers: Headers | None, margin: float | None = None) -> "CallOptions":
        self.seconds("timeout", flat.options_set_timeout_ms, timeout)
        for name, value in pairs("headers", headers or {}):
            self.set(f"headers[{name!r}]", flat.options_add_header, name, value)
        self.seconds("margin", flat.options_set_margin_ms, margin)
        return self

    def password(self, password: Secret | None) -> "CallOptions":
        if password is not None:
            self.set("password", flat.options_set_password, password)
        return self

    def otp(self, channel: str | None, payload_hash: str | None, timestamp_ms: int | None) -> "CallOptions":
        if channel is not None:
            self.set("fallback_channel", flat.options_set_fallback_channel, channel)
        if payload_hash is not None:
            if timestamp_ms is not None and not 0 <= timestamp_ms < 2**63:
                raise invalid_argument("payload_timestamp", "is no time after 1970")
            self.set("payload_hash", flat.options_set_otp_hash, payload_hash, timestamp_ms or 0)
        elif timestamp_ms is not None:
            raise invalid_argument("payload_hash", "is to be given with payload_timestamp")
        return self

    def gateway(self, query: Query | None, repeatable: bool, view: bool) -> "CallOptions":
        for name, value in pairs("query", query or {}):
            if isinstance(value, int):
                value = str(value).lower() if isinstance(value, bool) else str(value)
            self.set(f"query[{name!r}]", flat.options_add_query, name, value)
        if repeatable:
            self.set("repeatable", flat.options_set_repeatable, 1)
        if view:
            self.set("view", flat.options_set_view, 1)
        return self
