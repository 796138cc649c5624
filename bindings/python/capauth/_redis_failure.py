"""Failures of a regeneration, as one worker tells them to the others."""

import dataclasses
import re

from . import _flat as flat
from ._errors import (
    CancelledError,
    DeadlineError,
    Error,
    ProtocolError,
    RefusedError,
    ServiceError,
    SignInRequiredError,
    TlsError,
    UsageError,
)
from ._failure import error_of_code

PAUSE_SECONDS = 1.0
"""How long nobody tries again after a failure that does not say."""
LONGEST_PAUSE_SECONDS = 300.0

SAID_BY_THE_SERVICE = (RefusedError, ServiceError, ProtocolError)
NOBODY_ELSES = (CancelledError, UsageError, TlsError)


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What unlock.lua is told of a failure."""

    text: str = ""
    kind: str = ""
    hold_ms: int = 0


def report(error: Error, is_hurried: bool) -> Report:
    """What the service said is for everybody. What one host met alone may be that host's own fault: others hear of it
    only when two have met it, of its TLS set-up never, nor of the deadline of a caller in a hurry."""
    if is_hurried and isinstance(error, DeadlineError):
        return Report()
    if isinstance(error, NOBODY_ELSES) or isinstance(error, SignInRequiredError) and not error.http_status:
        return Report()
    kind = "service" if isinstance(error, SAID_BY_THE_SERVICE) else "local"
    pause = PAUSE_SECONDS if error.retry_after is None else min(error.retry_after, LONGEST_PAUSE_SECONDS)
    return Report(written(error), kind, max(1, round(pause * 1000)))


def is_own(error: Error) -> bool:
    """The service did not say so: another host may have more luck."""
    return not isinstance(error, (*SAID_BY_THE_SERVICE, CancelledError, UsageError))


def written(error: Error) -> str:
    """NAME CODE HTTP-STATUS RETRYABLE RETRY-AFTER-MS SERVER-CODE MESSAGE, the wait -1 when nobody said."""
    wait = -1 if error.retry_after is None else round(error.retry_after * 1000)
    numbers = (error.code, error.http_status, int(error.retryable), wait, error.server_code)
    return " ".join([error.name, *map(str, numbers), error.message])


WRITTEN = re.compile(r"(\w*) (-?\d+) (\d+) ([01]) (-?\d+) (-?\d+) (.*)", re.DOTALL)


def read(text: str, wait: float) -> Error | MemoryError:
    """The error that another worker wrote; `wait` seconds of its pause are left."""
    parts = WRITTEN.fullmatch(text)
    if not parts:
        return error_of_code(flat.E_SERVICE, "another worker's regeneration failed", operation="token_regenerate")
    name, code, http_status, retryable, retry_after, server_code, message = parts.groups()
    return error_of_code(
        int(code),
        message,
        name=name,
        operation="token_regenerate",
        http_status=int(http_status),
        retryable=retryable == "1",
        retry_after=None if int(retry_after) < 0 else wait,
        server_code=int(server_code),
    )
