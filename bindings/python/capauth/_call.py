"""One operation in flight, then its result."""

from __future__ import annotations

import time
import weakref
from collections import abc

from . import _flat as flat
from ._configured import ConfiguredClient
from ._failure import error_of_call, error_of_code
from ._handle import Generic, Handle, T, called
from ._later import typing
from ._session import BaseSession

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import _reply

    replies = _reply
else:
    from ._later import Later

    replies = Later("capauth._reply")

# Waiting in slices lets Python run its signal handlers in between: Ctrl-C is answered within this time.
SLICE_MS = 100


def in_slices(wait: abc.Callable[[T, int], int], subject: T, pending: int, timeout: float | None) -> int:
    """Calls `wait(subject, milliseconds)` as long as it gives `pending`, at most `timeout` seconds (None: without
    limit)."""
    if timeout is None:
        while (code := wait(subject, SLICE_MS)) == pending:
            pass
        return code
    end = time.monotonic() + timeout
    while True:
        left = (end - time.monotonic()) * 1000
        code = wait(subject, round(max(0, min(SLICE_MS, left))))
        if code != pending or left <= SLICE_MS:
            return code


# Whose operation it is: a session's, or the client's own `prepare`.
Owner = BaseSession | ConfiguredClient


class Started(Generic[T]):
    """An operation that was started, before it has the form that its user wants: to be waited for, or awaited."""

    __slots__ = ("owner", "handle", "refusal", "finish")

    def __init__(
        self,
        owner: Owner,
        handle: flat.CallHandle | None,
        refusal: BaseException | None,
        finish: abc.Callable[[flat.CallHandle], T],
    ) -> None:
        self.owner = owner
        self.handle = handle
        self.refusal = refusal  # without a handle: why it could not even be started
        self.finish = finish  # gives what the operation gives, once it has succeeded


def start_call(
    owner: Owner, finish: abc.Callable[[flat.CallHandle], T], function: abc.Callable[[], typing.Any]
) -> Started[T]:
    """Starts an operation. What is refused on the spot is the call's result; only wrong types raise here."""
    owner._client._ask_logger()
    try:
        code, handle = function()
    except (ValueError, MemoryError) as refusal:  # InvalidArgumentError of an argument that C cannot hold
        return Started(owner, None, refusal, finish)
    if handle is None:  # no memory for it, or a child process
        return Started(owner, None, error_of_code(code), finish)
    return Started(owner, handle, None, finish)


def finished(handle: flat.CallHandle, timeout: float | None) -> bool:
    """Waits for it, at most `timeout` seconds (None: without limit), and tells whether it has finished."""
    code = in_slices(flat.call_wait, handle, flat.E_PENDING, timeout)
    if flat.call_done(handle):
        return True
    if code != flat.E_PENDING:  # it is the waiting that is not possible: in a callback, in a child process
        raise error_of_code(code)
    return False


def outcome_of(handle: flat.CallHandle, finish: abc.Callable[[flat.CallHandle], T]) -> T:
    """Of a call that has finished: what its operation gives, or else raises."""
    code = flat.call_result(handle)
    if code:
        raise error_of_call(handle, code)
    return finish(handle)


def nothing(_call: flat.CallHandle) -> None:
    """What most operations give."""


@called("Call")
class BaseCall(Handle, Generic[T]):
    """What the blocking and the awaitable call share."""

    __slots__ = ("_owner", "_handle", "_refusal", "_finish", "__weakref__")

    def __init__(self, started: Started[T]) -> None:
        self._owner = started.owner  # keeps the client's callbacks alive
        self._handle = started.handle
        self._refusal = started.refusal
        self._finish = started.finish

    def done(self) -> bool:
        """Whether it has finished. Never blocks."""
        return self._handle is None or bool(flat.call_done(self._handle))

    def cancel(self) -> None:
        """Ends it with CancelledError, or with UnknownOutcomeError when it may have been done already. Returns at
        once, and does nothing to a call that has finished."""
        if self._handle is not None:
            flat.call_cancel(self._handle)

    def _abandon(self) -> None:
        """Ends it now, if the waiting for it was interrupted: a cancelled call keeps its session busy until the client
        is polled."""
        if not self.done():
            self.cancel()
            self._owner._client._poll(0)

    def _outcome(self) -> T:
        if self._handle is None:
            assert self._refusal is not None
            raise self._refusal
        return outcome_of(self._handle, self._finish)

    def __repr__(self) -> str:
        operation = flat.call_operation(self._handle) if self._handle is not None else "not started"
        return f"<{type(self).__module__}.Call {operation} {'done' if self.done() else 'pending'}>"


class Call(BaseCall[T]):
    """An operation that was started. Nothing happens until someone waits for it, or polls its client. Without a
    reference to it, it is cancelled as soon as its client is polled or waited on again."""

    __slots__ = ()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits, at most `timeout` seconds (0: only looks), and tells whether it has finished."""
        return self._handle is None or finished(self._handle, timeout)

    def result(self) -> T:
        """Waits for the outcome: gives what the operation gives, or raises its error."""
        self.wait()
        return self._outcome()


Call.__module__ = "capauth"  # where users find it


class StartedCalls:
    """The calls of a client that `next_done` may hand out. References without callbacks: a signal that came in the
    midst of one would be lost."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: dict[int, weakref.ref[Call[typing.Any]]] = {}

    def add(self, call: Call[typing.Any]) -> None:
        if call._handle is not None:
            self._calls[flat.call_address(call._handle)] = weakref.ref(call)

    def take(self, address: int) -> Call[typing.Any] | None:
        reference = self._calls.pop(address, None)
        return reference() if reference else None
