"""The small values that capauth takes and gives."""

import datetime
import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

Secret: TypeAlias = str | bytes | bytearray
"""A password or an OTP. A bytearray can be overwritten by its owner afterwards; a str stays until it is collected."""

Headers: TypeAlias = Mapping[str, str]
QueryValue: TypeAlias = str | int
Query: TypeAlias = Mapping[str, QueryValue] | Iterable[tuple[str, QueryValue]]
Json: TypeAlias = Mapping[str, object] | list[object]


class Handle:
    """What belongs to this process alone."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        kind = type(self).__name__
        raise TypeError(f"a {kind} cannot be pickled or copied; use export() of the session and client.restore(text)")


class Step(enum.StrEnum):
    """What to do next in a sign-in. Later versions may know more steps than these."""

    TOKEN_GENERATE = "token_generate"
    OTP_GENERATE = "otp_generate"
    OTP_VALIDATE = "otp_validate"
    PASSWORD_CREATE = "password_create"
    PASSWORD_VALIDATE = "password_validate"
    SECOND_FACTOR = "second_factor"
    DONE = "done"

    @classmethod
    def _missing_(cls, value: object) -> "Step | None":
        """A step that this version does not know is a Step all the same."""
        if not isinstance(value, str):
            return None
        step = str.__new__(cls, value)
        step._name_ = value.upper()
        step._value_ = value
        return step


@dataclass(frozen=True, slots=True)
class Otp:
    """What is truly known of the OTP that was sent last."""

    sent_at: datetime.datetime | None
    destination: str | None
    """Masked: 9199******93."""
    channel: str | None
    """The fallback channel that was asked for."""
    wrong_answers: int


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """The start or the end of a call, for metrics. `result` (0 or a code) and what follows are known at the end."""

    kind: Literal["start", "end"]
    call_id: int
    operation: str
    result: int
    http_status: int
    attempts: int
    duration: float
    """Seconds since the start."""


LogCallback: TypeAlias = Callable[[int, str], object]
"""Gets a level of the logging module and a message, which never holds a secret."""
TraceCallback: TypeAlias = Callable[[TraceEvent], object]


def time_of(unix_ms: int) -> datetime.datetime | None:
    """The aware datetime of one of the core's times, of which 0 is none."""
    if not unix_ms:
        return None
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    try:
        return epoch + datetime.timedelta(milliseconds=unix_ms)
    except OverflowError:  # a token may say anything
        return None
