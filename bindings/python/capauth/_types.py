"""The small values that capauth takes and returns."""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

Secret: TypeAlias = str | bytes | bytearray
"""A password or an OTP. A bytearray can be overwritten by its owner afterwards; a str stays until it is collected."""

Headers: TypeAlias = Mapping[str, str]
"""Of a request, by name."""

QueryValue: TypeAlias = str | int
Query: TypeAlias = Mapping[str, QueryValue] | Iterable[tuple[str, QueryValue]]
"""A mapping, or pairs, of which several may have the same name. True and False become "true" and "false"."""

Json: TypeAlias = Mapping[str, object] | Sequence[object]
"""What becomes a JSON text: a mapping, a list or a tuple, of what `json.dumps` takes."""

Method: TypeAlias = Literal["GET", "POST"]
"""What the gateway takes."""


class Otp(NamedTuple):
    """What is truly known of the OTP that was sent last."""

    sent_at: datetime.datetime | None
    """When, on the server's clock; None when none was sent in this sign-in."""
    destination: str | None
    """Masked: 9199******93."""
    channel: str | None
    """The fallback channel that was asked for."""
    wrong_answers: int
    """How many wrong OTPs were refused since."""


class TraceEvent(NamedTuple):
    """The start or the end of a call, for metrics. What follows `time` is known at the end."""

    kind: Literal["start", "end"]
    """Which of the two."""
    call_id: int
    """The same at start and end, and no other call's of this client."""
    operation: str
    """As in errors: "otp_validate"."""
    time: datetime.datetime
    """When it was told, on the local clock: at the end exactly, so that the call began at `time` minus `duration`."""
    result: int
    """0, or the code of the error."""
    name: str
    """The code's stable name, "INVALID_OTP"; "" without an error."""
    http_status: int
    """0 when no HTTP answer arrived."""
    attempts: int
    """How many requests were sent."""
    duration: float
    """Seconds since the start."""


Otp.__module__ = TraceEvent.__module__ = "capauth"  # where users find them

LogCallback: TypeAlias = Callable[[int, str], object]
"""Gets a level of the logging module and a message, which never holds a secret."""
TraceCallback: TypeAlias = Callable[[TraceEvent], object]
"""Gets the start and the end of each call."""
