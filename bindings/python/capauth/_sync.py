"""The blocking client and session."""

from __future__ import annotations

from . import _flat as flat
from ._blocking import BlockingOperations
from ._call import Call, Started, StartedCalls, finished, in_slices, outcome_of
from ._client import BaseClient
from ._failure import error_of_code
from ._handle import T
from ._later import typing


def waited(started: Started[T]) -> T:
    """Whatever interrupts the waiting (Ctrl-C) cancels the call, which is no Call unless somebody needs one."""
    handle = started.handle
    if handle is None:
        return Call(started).result()
    try:
        finished(handle, None)
    except BaseException:
        Call(started)._abandon()
        raise
    return outcome_of(handle, started.finish)


class Session(BlockingOperations):
    """One customer of one brand on one device. Operations wait for the answer and raise what went wrong; beside each, a
    `start_...` gives a Call at once."""

    __slots__ = ()

    _client: Client

    def _finished(self, started: Started[T]) -> T:
        return waited(started)

    def _handed_out(self, started: Started[T]) -> Call[T]:
        return self._client._handed_out(started)


class Client(BaseClient[Session]):
    """Configuration and connections, to be shared by threads."""

    __slots__ = ("_started",)

    def _set_up(self) -> None:
        self._started = StartedCalls()

    def _handed_out(self, started: Started[T]) -> Call[T]:
        """The call, which `next_done` may give once more."""
        call = Call(started)
        self._started.add(call)
        return call

    def _wrap(self, handle: flat.SessionHandle) -> Session:
        return Session(self, handle)

    def prepare(self) -> None:
        """Loads the CA store and connects now, where a stall is welcome."""
        waited(self._prepare())

    def start_prepare(self) -> Call[None]:
        """`prepare`, started: gives the call at once."""
        return self._handed_out(self._prepare())

    def poll(self, timeout: float | None = 0.0) -> int:
        """Lets calls move on. Waits until one finishes, at most `timeout` seconds (0: does what can be done now; None:
        without limit), and gives how many finished since the last poll."""
        count = in_slices(Client._poll, self, 0, timeout)
        if count < 0:
            raise error_of_code(count)
        return count

    def fileno(self) -> int:
        """A descriptor for an event loop of your own: when it is readable, call `poll()`. It stays the client's."""
        descriptor: int = flat.client_fd(self._handle)
        if descriptor < 0:
            raise error_of_code(descriptor)
        return descriptor

    def next_done(self) -> Call[typing.Any] | None:
        """A call that was started, has finished, and was not handed out or waited for before; None when there is none
        left."""
        while True:
            code, address = flat.client_next_done(self._handle)
            if code < 0:
                raise error_of_code(code)
            call = self._started.take(address)  # None for one that another thread waits for
            if call is not None or not address:
                return call

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


Client.__module__ = Session.__module__ = "capauth"  # where users find them
