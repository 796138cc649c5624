"""Customers' sessions in Redis, for a backend of many workers (`pip install 'capauth[redis]'`).

    store = SessionStore(redis.Redis(), client)           # or those of redis.asyncio and capauth.aio.Client
    store.save(key, customer)                             # after a sign-in
    with store.session(key) as customer:                  # anywhere in the fleet; `async with` in asyncio
        customer.gateway("GET", "customer/get")

At any time at most one worker of the fleet regenerates a customer's token; the others wait for what it gets.
"""

import datetime
import functools
import hashlib
import importlib.util
import math
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, overload

from . import _flat as flat
from . import aio
from ._failure import error_of_code, invalid_argument
from ._redis_customer import Settings, StaleError, Stored, StoreEvent, plain_origin
from ._redis_database import LIBRARIES, Parts, is_awaited, library_of
from ._redis_flight import drive, drive_async
from ._redis_scripts import State
from ._redis_work import Work
from ._session import BaseSession
from ._sync import Client, Session

if TYPE_CHECKING:
    from redis import Redis, RedisCluster
    from redis.asyncio import Redis as AsyncRedis
    from redis.asyncio import RedisCluster as AsyncRedisCluster

if not any(importlib.util.find_spec(library) for library in LIBRARIES):
    raise ImportError("capauth.redis needs redis-py: pip install 'capauth[redis]'", name="redis")

__all__ = ["AsyncCustomer", "Customer", "SessionStore", "StaleError", "StoreEvent"]

ClientT = TypeVar("ClientT", Client, aio.Client)
Key: TypeAlias = str | bytes
Ttl: TypeAlias = float | datetime.timedelta
Cipher: TypeAlias = Callable[[str], str]
Metrics: TypeAlias = Callable[[StoreEvent], object]

LONGEST_TTL_SECONDS = 100 * 366 * 86400
LONGEST_PREFIX = 128


class Customer(Stored, Session):
    """A customer of a store. As a Session, but operations run under the customer's lock, and are stored when they
    return. `on_change` comes after that. There is no `reload`, no `pause_refresh`, and no `start_...` but that of
    `gateway`, which takes the token as it is."""

    __slots__ = ("_work",)

    _client: Client
    _work: Work

    if TYPE_CHECKING:

        def second_factor(self, device_id: str | None = None, **identifier: str | None) -> Session:  # type: ignore[override]
            """As a Session's: a plain session, to be saved under its own key once it is done."""


class AsyncCustomer(Stored, aio.Session):
    """A Customer whose operations are awaited. Cancelling the task ends the waiting; an operation that holds the
    customer's lock is finished and stored all the same."""

    __slots__ = ("_work",)

    _client: aio.Client
    _work: Work

    if TYPE_CHECKING:

        def second_factor(self, device_id: str | None = None, **identifier: str | None) -> aio.Session:  # type: ignore[override]
            """As a Session's: a plain session, to be saved under its own key once it is done."""


CustomerT = TypeVar("CustomerT", Customer, AsyncCustomer)


class SessionStore(Generic[ClientT]):
    """Keeps customers in Redis or Valkey, alone, behind Sentinel, or in a cluster. Threads may share it, as they share
    its two parts."""

    @overload
    def __init__(
        self: "SessionStore[Client]",
        redis: "Redis | RedisCluster",
        client: Client,
        prefix: str = ...,
        lock_seconds: float = ...,
        *,
        ttl: Ttl | None = ...,
        encrypt: Cipher | None = ...,
        decrypt: Cipher | None = ...,
        metrics: Metrics | None = ...,
        earlier_origins: Iterable[str] = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: "SessionStore[aio.Client]",
        redis: "AsyncRedis | AsyncRedisCluster",
        client: aio.Client,
        prefix: str = ...,
        lock_seconds: float = ...,
        *,
        ttl: Ttl | None = ...,
        encrypt: Cipher | None = ...,
        decrypt: Cipher | None = ...,
        metrics: Metrics | None = ...,
        earlier_origins: Iterable[str] = ...,
    ) -> None: ...
    def __init__(
        self,
        redis: Any,
        client: Any,
        prefix: str = "capauth:",
        lock_seconds: float = 10,
        *,
        ttl: Ttl | None = None,
        encrypt: Cipher | None = None,
        decrypt: Cipher | None = None,
        metrics: Metrics | None = None,
        earlier_origins: Iterable[str] = (),
    ) -> None:
        """Both `redis` and `client` block, or both are awaited.

        Args:
            redis: A client of redis-py or valkey-py, alone, behind Sentinel, or of a cluster.
            client: Makes the sessions.
            prefix: How the names in Redis start; the same in all workers.
            lock_seconds: How long a worker that dies may block a customer, and how long an operation waits for a Redis
                that cannot be reached. An operation under the lock has three quarters of it.
            ttl: Redis deletes a customer so many seconds (or a timedelta) after the last change; None: never. `save`
                and `touch` may say otherwise for one customer.
            encrypt: What is stored goes through it. It needs `decrypt`.
            decrypt: Undoes `encrypt`.
            metrics: Is called with a StoreEvent.
            earlier_origins: Base URLs that customers were stored with before the client's changed. Customers of other
                origins than these and the client's are refused.
        """
        _check_pair(redis, client)
        if isinstance(lock_seconds, bool) or not 0.1 <= lock_seconds <= 3600:
            raise invalid_argument("lock_seconds", "must be 0.1 to 3600 seconds")
        if (encrypt is None) != (decrypt is None):
            raise invalid_argument("encrypt", "and decrypt must be given together")
        self._prefix, self._lock_seconds = _checked_prefix(prefix), lock_seconds
        if isinstance(earlier_origins, str):
            raise TypeError("earlier_origins must be a list of base URLs, not str")
        origins = frozenset(map(plain_origin, earlier_origins))
        settings = Settings(lock_seconds, int(_ttl_ms(ttl) or 0), encrypt, decrypt, metrics, origins)
        self._work = Work(redis, client, settings)
        # The states that sessions of the caller's own were stored as: the key's name and the fence.
        self._saved: weakref.WeakKeyDictionary[BaseSession, tuple[str, str]] = weakref.WeakKeyDictionary()

    @overload
    def session(
        self: "SessionStore[Client]", key: Key, margin: float | None = None, *, timeout: float | None = None
    ) -> AbstractContextManager[Customer]: ...
    @overload
    def session(
        self: "SessionStore[aio.Client]", key: Key, margin: float | None = None, *, timeout: float | None = None
    ) -> AbstractAsyncContextManager[AsyncCustomer]: ...
    def session(self, key: Key, margin: float | None = None, *, timeout: float | None = None) -> Any:
        """For `with`, or `async with`: the customer of this key. If they are signed in, their token is valid for
        `margin` more seconds (default: the client's `refresh_margin`; at most half of a token's life). `timeout` is
        for all of that. KeyError: nothing is stored."""
        name = self.name(key)
        return self._opened_async(name, margin, timeout) if self._work.is_async else self._opened(name, margin, timeout)

    def _kept(self, kind: type[CustomerT], plain: BaseSession) -> CustomerT:
        """A customer of this store, made of a session."""
        customer = kind(plain._client, plain._handle)
        customer._work = self._work
        return customer

    @contextmanager
    def _opened(self, name: str, margin: float | None, timeout: float | None) -> Iterator[Any]:
        parts = self._work.open(lambda plain: self._kept(Customer, plain), name, margin, timeout)
        with drive(parts) as customer:
            yield customer

    @asynccontextmanager
    async def _opened_async(self, name: str, margin: float | None, timeout: float | None) -> AsyncIterator[Any]:
        parts = self._work.open(lambda plain: self._kept(AsyncCustomer, plain), name, margin, timeout)
        with await drive_async(parts) as customer:
            yield customer

    @overload
    def save(self: "SessionStore[Client]", key: Key, customer: Session, ttl: Ttl | None = None) -> None: ...
    @overload
    def save(
        self: "SessionStore[aio.Client]", key: Key, customer: aio.Session, ttl: Ttl | None = None
    ) -> Coroutine[Any, Any, None]: ...
    def save(self, key: Key, customer: BaseSession, ttl: Ttl | None = None) -> Any:
        """Stores a session. The first time it replaces what there is: a new sign-in. Again, and with a customer from
        `session`, it is a StaleError if anybody has stored this key since. Redis deletes the customer `ttl` seconds
        (or a timedelta; math.inf: never) after the last change; None: as it was, at first the store's `ttl`."""
        return self._work.run(self._save(self.name(key), customer, _ttl_ms(ttl)))

    def _save(self, name: str, customer: BaseSession, ttl: str | int) -> Parts[None]:
        if isinstance(customer, Stored):
            known, fence = customer._name, customer._state.fence
        else:
            known, fence = self._saved.get(customer, ("", ""))
        follows = fence if known == name else ""
        state: State = yield from self._work.save(name, customer, customer.export(), follows, ttl)
        if not isinstance(customer, Stored):
            self._saved[customer] = name, state.fence
        elif known == name:
            customer._state = state

    @overload
    def delete(self: "SessionStore[Client]", *keys: Key) -> None: ...
    @overload
    def delete(self: "SessionStore[aio.Client]", *keys: Key) -> Coroutine[Any, Any, None]: ...
    def delete(self, *keys: Key) -> Any:
        """Deletes customers, without signing them out. Workers that are busy with them store nothing any more. For an
        hour Redis keeps that they were deleted, and nothing else about them."""
        return self._work.run(self._work.delete([self.name(key) for key in keys]))

    @overload
    def exists(self: "SessionStore[Client]", key: Key) -> bool: ...
    @overload
    def exists(self: "SessionStore[aio.Client]", key: Key) -> Coroutine[Any, Any, bool]: ...
    def exists(self, key: Key) -> Any:
        """Whether a customer is stored under this key."""
        return self._work.run(self._work.exists(self.name(key)))

    @overload
    def touch(self: "SessionStore[Client]", key: Key, ttl: Ttl | None = None) -> None: ...
    @overload
    def touch(self: "SessionStore[aio.Client]", key: Key, ttl: Ttl | None = None) -> Coroutine[Any, Any, None]: ...
    def touch(self, key: Key, ttl: Ttl | None = None) -> Any:
        """Starts the customer's time to live anew, or changes it. KeyError: nothing is stored."""
        return self._work.run(self._work.touch(self.name(key), _ttl_ms(ttl)))

    def name(self, key: Key) -> str:
        """The name in Redis. A hash, since the key may be a cookie or a telephone number."""
        if not isinstance(key, str | bytes):
            raise TypeError(f"key must be str or bytes, not {type(key).__name__}")
        return self._prefix + hashlib.sha256(key.encode() if isinstance(key, str) else key).hexdigest()

    def __repr__(self) -> str:
        return f"<capauth.redis.SessionStore {self._prefix!r} lock_seconds={self._lock_seconds}>"


def _check_pair(redis: Any, client: Any) -> None:
    """Both block, or both are awaited."""
    if not isinstance(client, Client | aio.Client):
        raise TypeError(f"client must be a capauth.Client or capauth.aio.Client, not {type(client)}")
    if library_of(redis) is None or not callable(getattr(redis, "execute_command", None)):
        raise TypeError(f"redis must be a Redis or RedisCluster of redis-py or valkey-py, not {type(redis)}")
    if is_awaited(redis) != isinstance(client, aio.Client):
        raise TypeError(
            "client and redis must both block or both be awaited: capauth.Client with Redis or RedisCluster of"
            " redis, capauth.aio.Client with those of redis.asyncio"
        )


def _checked_prefix(prefix: str) -> str:
    if not isinstance(prefix, str):
        raise TypeError(f"prefix must be str, not {type(prefix).__name__}")
    if len(prefix) > LONGEST_PREFIX or not prefix.isprintable() or "{" in prefix:
        # Braces would put all customers into one slot of a cluster.
        raise invalid_argument("prefix", f"must be at most {LONGEST_PREFIX} printable characters, without braces")
    return prefix


def _ttl_ms(ttl: Ttl | None) -> str | int:
    """For the scripts: "" as it was, 0 for ever."""
    if ttl is None:
        return ""
    seconds = ttl.total_seconds() if isinstance(ttl, datetime.timedelta) else ttl
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"ttl must be a number of seconds or a timedelta, not {type(ttl).__name__}")
    if seconds == math.inf:
        return 0
    if not 0 < seconds <= LONGEST_TTL_SECONDS:
        raise invalid_argument("ttl", f"must be more than 0 and at most {LONGEST_TTL_SECONDS} seconds, or math.inf")
    return max(1, round(seconds * 1000))


def _operation(name: str, documented: Callable[..., Any]) -> Any:
    @functools.wraps(documented)
    def method(self: Customer | AsyncCustomer, /, *arguments: Any, **options: Any) -> Any:
        parts = getattr(self._work, name, None) or functools.partial(self._work.operate, name)
        return self._work.run(parts(self, *arguments, **options))

    return method


def _refused(name: str, documented: Callable[..., Any]) -> Any:
    @functools.wraps(documented)
    def method(self: Stored, /, *_arguments: Any, **_options: Any) -> Any:
        raise error_of_code(flat.E_UNSUPPORTED, f"a stored customer has no {name}", operation=name)

    return method


def _complete(kind: type[Stored]) -> None:
    """Has every operation of a session run under the lock, and refuses what would go around it."""
    for name in ("reload", "pause_refresh"):
        setattr(kind, name, _refused(name, getattr(kind, name)))
    for started in [name for name in dir(Session) if name.startswith("start_")]:
        name = started.removeprefix("start_")
        setattr(kind, name, _operation(name, getattr(kind, name)))
        if hasattr(kind, started) and name != "gateway":
            setattr(kind, started, _refused(started, getattr(kind, started)))


_complete(Customer)
_complete(AsyncCustomer)
