"""One operation in flight in asyncio, then its result."""

from __future__ import annotations

from collections import abc

from ._call import BaseCall
from ._handle import T
from ._later import typing


class Call(BaseCall[T]):
    """An operation that was started, to be awaited: `await call`, also more than once. It is cancelled with a task that
    awaits it, and with the last reference to it."""

    __slots__ = ()

    def __await__(self) -> abc.Generator[typing.Any, typing.Any, T]:
        client: typing.Any = self._owner._client
        finished: abc.Generator[typing.Any, typing.Any, T] = client._finish(self, client._running_loop()).__await__()
        return finished

    def result(self) -> T:
        """What it gives, or its error, once it is done; before that an Error named "PENDING". Never waits."""
        return self._outcome()
