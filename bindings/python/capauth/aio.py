"""capauth for asyncio: the same names, and what talks to the network is awaited.

A client watches one descriptor in the running loop; there is no thread. Cancelling a task cancels its call.
"""

import asyncio
import functools
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from . import _flat as flat
from . import _operations as operations
from ._call import Call
from ._client import BaseClient
from ._failure import error_of_code
from ._session import BaseSession, weakly

__all__ = ["Client", "Session"]

P = ParamSpec("P")
T = TypeVar("T")


def awaited(
    operation: Callable[Concatenate[BaseSession, P], Call[T]],
) -> "Callable[Concatenate[Session, P], Coroutine[Any, Any, T]]":
    """The form that is awaited."""

    @functools.wraps(operation)
    async def method(self: "Session", /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._client._attach(asyncio.get_running_loop())  # first: another loop shall not drive the call
        return await self._client._finish(operation(self, *args, **kwargs))

    method.__qualname__ = f"Session.{operation.__name__}"
    method.__module__ = __name__
    return method


class Session(BaseSession):
    """One customer of one brand on one device. Operations are awaited; properties, `export` and `close` are not."""

    __slots__ = ()

    _client: "Client"

    generate_token = awaited(operations.generate_token)
    generate_otp = awaited(operations.generate_otp)
    validate_otp = awaited(operations.validate_otp)
    validate_password = awaited(operations.validate_password)
    change_password = awaited(operations.change_password)
    forget_password = awaited(operations.forget_password)
    regenerate_token = awaited(operations.regenerate_token)
    ensure_token = awaited(operations.ensure_token)
    expire_token = awaited(operations.expire_token)
    update_identifier = awaited(operations.update_identifier)
    sign_out = awaited(operations.sign_out)
    gateway = awaited(operations.gateway)


class Client(BaseClient[Session]):
    """Configuration and connections for one event loop. It belongs to the loop that first awaits one of its operations,
    and may move to another once that one has stopped."""

    __slots__ = ("_loop", "_waiting", "_detach")

    def _begin(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._detach: Callable[[], object] = lambda: None

    def _wrap(self, handle: flat.capauth_session) -> Session:
        return Session(self, handle)

    async def prepare(self) -> None:
        """Loads the CA store and connects now, where a stall is welcome."""
        self._attach(asyncio.get_running_loop())
        await self._finish(self._prepare())

    async def _finish(self, call: Call[T]) -> T:
        if not call.done():
            address = flat.call_address(call._handle)  # type: ignore[arg-type]
            self._waiting[address] = asyncio.get_running_loop().create_future()
            try:
                await self._waiting[address]
            finally:
                del self._waiting[address]
                call._abandon()
        return call._outcome()

    def _attach(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is loop:
            return
        if self._loop is not None and self._loop.is_running():
            raise error_of_code(flat.E_STATE, "this client is in use in another event loop; make one for each loop")
        descriptor = flat.client_fd(self._handle)
        if descriptor < 0:
            raise error_of_code(descriptor)
        self._detach()
        loop.add_reader(descriptor, weakly(self._advance))
        self._loop = loop
        # Also when the client is forgotten without being closed: a loop must not watch a descriptor that is no more.
        finalizer = weakref.finalize(self, _remove_reader, loop, descriptor)
        finalizer.atexit = False
        self._detach = finalizer

    def _advance(self) -> None:
        """The descriptor is readable."""
        code = flat.client_poll(self._handle, 0)
        if code < 0:
            self._release(error_of_code(code))
            return
        while True:
            _, address = flat.client_next_done(self._handle)
            if not address:
                return
            future = self._waiting.get(address)
            if future and not future.done():
                future.set_result(None)

    def _release(self, error: BaseException | None) -> None:
        """Wakes all that wait: their calls are done, or, with an error, never will be."""
        for future in self._waiting.values():
            if not future.done():
                future.set_result(None) if error is None else future.set_exception(error)

    def close(self) -> None:
        """Cancels what is in flight and closes all connections; never waits for the network. Not awaited. Later
        operations raise ClosedError; the properties of sessions and `export` still work."""
        self._detach()
        self._loop = None
        super().close()
        self._release(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self.close()


def _remove_reader(loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
    if not loop.is_closed():
        loop.remove_reader(descriptor)
