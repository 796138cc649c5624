"""One operation in flight in asyncio, then its result."""

from collections.abc import Generator
from typing import Any, TypeVar

from ._call import BaseCall

T = TypeVar("T")


class Call(BaseCall[T]):
    """An operation that was started, to be awaited: `await call`, also more than once. It is cancelled with a task that
    awaits it, and with the last reference to it."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, Any, T]:
        client: Any = self._owner._client
        finished: Generator[Any, Any, T] = client._finish(self, client._running_loop()).__await__()
        return finished

    def result(self) -> T:
        """What it gives, or its error, once it is done; before that an Error named "PENDING". Never waits."""
        return self._outcome()
