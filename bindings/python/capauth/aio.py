"""capauth for asyncio: the same names, and what talks to the network is awaited.

A client watches one descriptor in the running loop; there is no thread. Cancelling a task cancels its call.
"""

import asyncio
import contextvars
import os
import threading
import weakref
from collections.abc import Awaitable, Callable
from typing import Self

from . import _flat as flat
from ._aio_call import Call
from ._awaited import AwaitedOperations
from ._call import Started
from ._callbacks import delivering
from ._client import BaseClient
from ._failure import error_of_code
from ._handle import T

__all__ = ["Call", "Client", "Session"]

Call.__module__ = __name__  # where users find it


class Session(AwaitedOperations):
    """One customer of one brand on one device. Operations are awaited; properties, `export` and `close` are not. Beside
    each operation, a `start_...` gives a Call at once, which may be awaited later or cancelled."""

    __slots__ = ()

    _client: "Client"

    def on_change(self, callback: Callable[[Self], object] | None) -> None:
        """As for the blocking session. The callback may be a coroutine function: it is then awaited in a task, one at a
        time, and what it raises goes to the loop's exception handler. Leaving the client's `async with` waits for what
        is still under way."""
        self._listen(callback, may_be_async=True)

    def _follow(self, told: Awaitable[object]) -> None:
        if _running_loop() is None:
            super()._follow(told)
        else:
            self._telling = self._client._follow(told, self._telling, self._context)

    async def _finished(self, start: Callable[[], Started[T]]) -> T:
        loop = self._client._running_loop()
        return await self._client._finish(self._client._start(start, loop), loop)

    def _handed_out(self, start: Callable[[], Started[T]]) -> Call[T]:
        return self._client._start(start, self._client._running_loop())


class Client(BaseClient[Session]):
    """Configuration and connections for one event loop. It belongs to the loop that first awaits one of its operations,
    and may move to another once that one has stopped."""

    __slots__ = ("_loop", "_thread", "_waiting", "_telling", "_detach")

    def _set_up(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0  # in which it ran when it was attached
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._detach: Callable[[], object] = lambda: None

    def _wrap(self, handle: flat.SessionHandle) -> Session:
        return Session(self, handle)

    async def prepare(self) -> None:
        """Loads the CA store and connects now, where a stall is welcome."""
        loop = self._running_loop()
        await self._finish(self._start(self._prepare, loop), loop)

    def start_prepare(self) -> Call[None]:
        """`prepare`, started: gives the call at once."""
        return self._start(self._prepare, self._running_loop())

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        """Before Python 3.12, asyncio's own answer is a system call. One loop at most runs in a thread."""
        if self._loop is not None and self._thread == threading.get_ident() and self._loop.is_running():
            return self._loop
        return asyncio.get_running_loop()

    def _start(self, operation: Callable[[], Started[T]], loop: asyncio.AbstractEventLoop) -> Call[T]:
        self._attach(loop)  # before the call exists: no other loop may drive it
        return Call(operation())

    async def _finish(self, call: Call[T], loop: asyncio.AbstractEventLoop) -> T:
        try:
            while not call.done():  # also woken when it is not known who is done
                await self._wait_for(flat.call_address(call._handle), loop)  # type: ignore[arg-type]
        except BaseException:
            call._abandon()
            raise
        return call._outcome()

    async def _wait_for(self, address: int, loop: asyncio.AbstractEventLoop) -> None:
        self._attach(loop)
        future = self._waiting.setdefault(address, loop.create_future())
        try:
            await future
        finally:
            if self._waiting.get(address) is future:
                del self._waiting[address]

    def _attach(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is loop:
            return
        if self._loop is not None and self._loop.is_running():
            message = "another running event loop uses this client; create one client for each loop"
            raise error_of_code(flat.E_STATE, message)
        descriptor = flat.client_fd(self._handle)
        if descriptor < 0:
            raise error_of_code(descriptor)
        self._detach()
        # A copy stays open as long as the loop watches it, even when the client is closed meanwhile.
        descriptor = os.dup(descriptor)
        try:
            # A loop keeps the context in which a reader was added: that must not be the first request's.
            contextvars.Context().run(loop.add_reader, descriptor, delivering(self, Client._advance))
            # Also when the client is never closed: a loop must not watch a descriptor that no longer exists.
            finalizer = weakref.finalize(self, _remove_reader, loop, descriptor)
        except BaseException:  # no memory, perhaps
            _stop_watching(loop, descriptor)
            raise
        self._loop, self._thread = loop, threading.get_ident()
        finalizer.atexit = False
        self._detach = finalizer

    def _advance(self) -> None:
        """The descriptor is readable."""
        try:
            code = self._poll(0)
        finally:  # also when a callback was interrupted: those who wait get their outcome
            self._hand_out()
        if code < 0:
            self._wake(error_of_code(code))

    def _hand_out(self) -> None:
        try:
            while address := flat.client_next_done(self._handle)[1]:
                future = self._waiting.get(address)
                if future:
                    _end_wait(future, None)
        except MemoryError:  # whose call it was is lost
            self._wake(None)
            raise

    def _wake(self, error: BaseException | None) -> None:
        """Wakes all who wait, to look for themselves; with an error, their calls never will be done. One for whom there
        is no memory does not leave the others asleep."""
        lack = None
        for future in self._waiting.values():
            try:
                _end_wait(future, error)
            except MemoryError as found:
                lack = found
        if lack is not None:
            raise lack

    def _follow(
        self, told: Awaitable[object], before: "asyncio.Task[None] | None", context: contextvars.Context | None
    ) -> "asyncio.Task[None]":
        """Awaits what a callback returned, after the one before."""
        task = asyncio.create_task(_tell(told, before), context=context.copy() if context else None)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return task

    def close(self) -> None:
        """Cancels what is in flight and closes all connections; never waits for the network. Not awaited. Later
        operations raise ClosedError; the properties of sessions and `export` still work. From another thread than the
        loop's it wakes the loop, whose tasks then get their CancelledError."""
        super().close()
        _in_loop(self._loop, self._end)

    def _end(self) -> None:
        self._detach()
        self._loop = None
        self._wake(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self.close()
        under_way = self._telling - {asyncio.current_task()}
        if under_way:
            await asyncio.wait(under_way)


def _end_wait(future: "asyncio.Future[None]", error: BaseException | None) -> None:
    """Unless it has ended, or its loop was closed in its midst: nobody waits any more."""
    if future.done() or future.get_loop().is_closed():
        return
    future.set_result(None) if error is None else future.set_exception(error)


async def _tell(told: Awaitable[object], before: "asyncio.Task[None] | None") -> None:
    if before is not None and before.get_loop() is asyncio.get_running_loop():
        await asyncio.wait([before])
    try:
        await told
    except Exception as error:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "capauth: an on_change callback failed", "exception": error, "task": asyncio.current_task()}
        )


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _in_loop(loop: asyncio.AbstractEventLoop | None, function: Callable[..., object], *arguments: object) -> None:
    """Calls it at once, or in the loop when that runs in another thread: loops are not thread-safe."""
    if loop is None or not loop.is_running() or _running_loop() is loop:
        function(*arguments)
        return
    try:
        loop.call_soon_threadsafe(function, *arguments)
    except RuntimeError:  # it was closed just now
        function(*arguments)


def _remove_reader(loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
    _in_loop(loop, _stop_watching, loop, descriptor)


def _stop_watching(loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
    if not loop.is_closed():
        loop.remove_reader(descriptor)
    os.close(descriptor)
