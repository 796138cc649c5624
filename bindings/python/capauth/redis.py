"""Customers' sessions in Redis, for a backend of many workers (`pip install 'capauth[redis]'`).

    store = SessionStore(redis.Redis(), client)           # or redis.asyncio.Redis and capauth.aio.Client
    store.save(key, customer)                             # after a sign-in
    with store.session(key) as customer:                  # anywhere in the fleet; `async with` in asyncio
        customer.gateway("GET", "customer/get")

At any time at most one worker of the fleet regenerates a customer's token; the others wait for what it gets.
"""

import functools
import hashlib
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, Generic, TypeVar, overload

try:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis
except ImportError as missing:
    raise ImportError("capauth.redis needs redis-py: pip install 'capauth[redis]'", name=missing.name) from missing

from . import _flat as flat
from . import aio
from ._failure import error_of_code
from ._redis_work import StaleError, Steps, Stored, Work, drive, drive_async
from ._session import BaseSession
from ._sync import Client, Session

__all__ = ["AsyncCustomer", "Customer", "SessionStore", "StaleError"]

ClientT = TypeVar("ClientT", Client, aio.Client)


class Customer(Stored, Session):
    """A customer of a store. As a Session, but operations run under the customer's lock, and are stored when they
    return. `on_change` comes after that. There is no `reload`, and no `start_...` but that of `gateway`, which takes
    the token as it is."""

    __slots__ = ()


class AsyncCustomer(Stored, aio.Session):
    """A Customer whose operations are awaited. Cancelling the task ends the waiting; an operation that holds the
    customer's lock is finished and stored all the same."""

    __slots__ = ()


class SessionStore(Generic[ClientT]):
    """Keeps customers in Redis. Threads may share it, as they share its two parts."""

    @overload
    def __init__(
        self: "SessionStore[Client]", redis: Redis, client: Client, prefix: str = ..., lock_seconds: float = ...
    ) -> None: ...
    @overload
    def __init__(
        self: "SessionStore[aio.Client]",
        redis: AsyncRedis,
        client: aio.Client,
        prefix: str = ...,
        lock_seconds: float = ...,
    ) -> None: ...
    def __init__(self, redis: Any, client: Any, prefix: str = "capauth:", lock_seconds: float = 10) -> None:
        """`lock_seconds`: how long a worker that dies may block a customer; operations are given three quarters."""
        if isinstance(redis, AsyncRedis) != isinstance(client, aio.Client):
            raise TypeError("redis.asyncio.Redis goes with capauth.aio.Client, redis.Redis with capauth.Client")
        if not lock_seconds >= 0.1:
            raise ValueError("lock_seconds must be at least 0.1")
        self._prefix, self._lock_seconds = prefix, lock_seconds
        self._work = Work(redis, client, lock_seconds)
        # The states that sessions of the caller's own were stored as: the key's name and the fence.
        self._saved: weakref.WeakKeyDictionary[BaseSession, tuple[str, str]] = weakref.WeakKeyDictionary()

    @overload
    def session(
        self: "SessionStore[Client]", key: str, margin: float | None = None
    ) -> AbstractContextManager[Customer]: ...
    @overload
    def session(
        self: "SessionStore[aio.Client]", key: str, margin: float | None = None
    ) -> AbstractAsyncContextManager[AsyncCustomer]: ...
    def session(self, key: str, margin: float | None = None) -> Any:
        """For `with`, or `async with`: the customer of this key. If they are signed in, their token is valid for
        `margin` more seconds (default: the client's `refresh_margin`). KeyError: nothing is stored."""
        name = self.name(key)
        return self._opened_async(name, margin) if self._work.is_async else self._opened(name, margin)

    @contextmanager
    def _opened(self, name: str, margin: float | None) -> Iterator[Customer]:
        with drive(self._work.open(lambda plain: Customer(plain._client, plain._handle), name, margin)) as customer:
            yield customer

    @asynccontextmanager
    async def _opened_async(self, name: str, margin: float | None) -> AsyncIterator[AsyncCustomer]:
        steps = self._work.open(lambda plain: AsyncCustomer(plain._client, plain._handle), name, margin)
        with await drive_async(steps) as customer:
            yield customer

    @overload
    def save(self: "SessionStore[Client]", key: str, customer: Session, ttl: float | None = None) -> None: ...
    @overload
    def save(
        self: "SessionStore[aio.Client]", key: str, customer: aio.Session, ttl: float | None = None
    ) -> Coroutine[Any, Any, None]: ...
    def save(self, key: str, customer: BaseSession, ttl: float | None = None) -> Any:
        """Stores a session. The first time it replaces what there is: a new sign-in. Again, and with a customer from
        `session`, it is a StaleError if anybody has stored this key since. Redis forgets the customer `ttl` seconds
        after the last change."""
        return self._work.run(self._save(self.name(key), customer, ttl))

    def _save(self, name: str, customer: BaseSession, ttl: float | None) -> Steps[None]:
        text = customer.export()
        if isinstance(customer, Stored):
            known, fence = customer._name, customer._state[0]
        else:
            known, fence = self._saved.get(customer, ("", ""))
        fence = yield from self._work.put(name, text, fence if known == name else "", ttl)
        if not isinstance(customer, Stored):
            self._saved[customer] = name, fence
        elif known == name:
            customer._state = fence, text

    @overload
    def delete(self: "SessionStore[Client]", key: str) -> None: ...
    @overload
    def delete(self: "SessionStore[aio.Client]", key: str) -> Coroutine[Any, Any, None]: ...
    def delete(self, key: str) -> Any:
        """Forgets the customer, without signing them out. Whoever is at work on them stores nothing any more."""
        return self._work.run(self._work.delete(self.name(key)))

    def name(self, key: str) -> str:
        """The name in Redis. A hash, since the key may be a cookie or a telephone number."""
        return self._prefix + hashlib.sha256(key.encode()).hexdigest()

    def __repr__(self) -> str:
        return f"<capauth.redis.SessionStore {self._prefix!r} lock_seconds={self._lock_seconds}>"


def _operation(name: str, documented: Callable[..., Any]) -> Any:
    @functools.wraps(documented)
    def method(self: Stored, /, *arguments: Any, **options: Any) -> Any:
        steps = getattr(self._work, name, None) or functools.partial(self._work.step, name)
        return self._work.run(steps(self, *arguments, **options))

    return method


def _refused(name: str, documented: Callable[..., Any]) -> Any:
    @functools.wraps(documented)
    def method(self: Stored, /, *_arguments: Any, **_options: Any) -> Any:
        raise error_of_code(flat.E_UNSUPPORTED, f"a stored customer has no {name}", operation=name)

    return method


def _complete(kind: type[Stored]) -> None:
    """Every operation of a session goes through the lock, and nothing goes around it."""
    kind.reload = _refused("reload", kind.reload)  # type: ignore[method-assign]
    for started in [name for name in dir(Session) if name.startswith("start_")]:
        name = started.removeprefix("start_")
        setattr(kind, name, _operation(name, getattr(kind, name)))
        if hasattr(kind, started) and name != "gateway":
            setattr(kind, started, _refused(started, getattr(kind, started)))


_complete(Customer)
_complete(AsyncCustomer)
