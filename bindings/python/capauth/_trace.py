"""Tells an application of the starts and ends of calls. It is loaded with the first trace callback (_later.py)."""

import datetime
from collections.abc import Callable
from typing import Protocol

from . import _flat as flat
from ._callbacks import delivering, run
from ._types import TraceCallback, TraceEvent


class Traced(Protocol):
    """A client."""

    _trace: TraceCallback | None


def tracing(owner: Traced) -> Callable[..., None]:
    """For the core to call."""
    return delivering(owner, _on_trace)


def _on_trace(
    owner: Traced, event: int, call_id: int, operation: str, result: int, http_status: int, attempts: int, ms: int
) -> None:
    if owner._trace is None:
        return
    ended = event == flat.TRACE_END
    told = TraceEvent(
        kind="end" if ended else "start",
        call_id=call_id,
        operation=operation,
        time=datetime.datetime.now(datetime.UTC),
        result=result if ended else 0,
        name=flat.error_name(result) if ended and result else "",
        http_status=http_status,
        attempts=attempts,
        duration=ms / 1000,
    )
    run(owner._trace, told)
