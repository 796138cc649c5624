"""One Redis or Valkey, or a cluster of them, as capauth.redis asks it: within a time, of any client that behaves as
redis-py's do, and only believing answers to its own questions."""

import asyncio
import contextlib
import copy
import importlib
import inspect
import secrets
import threading
import time
from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar

from . import _flat as flat
from ._failure import error_of_code
from ._redis_scripts import FIELDS, LOCK, Answer, MisreadError, Script, read_fields, read_script

T = TypeVar("T")
Parts: TypeAlias = Generator[Callable[[], Any], Any, T]
"""Work in parts, for the blocking and the asyncio world alike: it yields each part that may block, as a function to
call, or to call and await, and is sent back what that gave."""

LIBRARIES = ("redis", "valkey")
MOST_AT_ONCE = 32  # commands of one store: more connections make Redis no faster
PAUSE_SECONDS = 0.1
SHORT_PAUSE_SECONDS = 0.005  # until a connection of the pool may be free
CLOCK_SECONDS = 60.0  # how long we trust a reading of Redis's clock

# Errors that pass, beside those of the connection: a primary changes, a slot moves.
PASSING = ("ReadOnlyError", "TryAgainError", "ClusterDownError", "MasterDownError", "SlotNotCoveredError", "MovedError")
# Errors of the connection that no waiting mends.
LASTING = ("AuthenticationError", "AuthorizationError", "AuthenticationWrongNumberOfArgsError", "NoPermissionError")
FULL_POOL = ("Too many connections", "No connection available")  # as redis-py 5 says it


def boot_time() -> float:
    """Seconds on a clock that runs through suspend, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def library_of(client: Any) -> str | None:
    """Whose client it is, also of a class that derives from one."""
    roots = (kind.__module__.partition(".")[0] for kind in type(client).__mro__)
    return next((root for root in roots if root in LIBRARIES), None)


def is_awaited(client: Any) -> bool:
    return inspect.iscoroutinefunction(getattr(client, "execute_command", None))


class Limit(threading.local):
    """When this thread's command must have ended."""

    end = float("inf")

    def left(self) -> float | None:
        return None if self.end == float("inf") else max(0.001, self.end - time.monotonic())


def bounded(client: Any, limit: Limit) -> Any:
    """The same client with connections of its own, which give up at the limit and do not try again by themselves: we
    do. Other kinds of pools, and clusters, stay as they are, bounded by their own settings."""
    pool: Any = getattr(client, "connection_pool", None)
    if type(pool).__name__ not in ("ConnectionPool", "BlockingConnectionPool"):
        return client

    class Connection(pool.connection_class):  # type: ignore[misc]
        def connect(self, *arguments: Any, **options: Any) -> Any:
            left, usual = limit.left(), getattr(self, "socket_connect_timeout", None)
            self.socket_connect_timeout = usual if left is None else min(left, usual or left)
            try:
                return super().connect(*arguments, **options)
            finally:
                self.socket_connect_timeout = usual

        def send_packed_command(self, *arguments: Any, **options: Any) -> Any:
            left, usual = limit.left(), getattr(self, "socket_timeout", None)
            if left is not None and self._sock is not None:
                self._sock.settimeout(min(left, usual or left))
            return super().send_packed_command(*arguments, **options)

    library = str(library_of(client))
    backoff, retry = (importlib.import_module(f"{library}.{name}") for name in ("backoff", "retry"))
    own_pool: Any = importlib.import_module(f"{library}.connection").ConnectionPool
    own = copy.copy(client)
    settings = {**pool.connection_kwargs, "retry": retry.Retry(backoff.NoBackoff(), 0)}
    own.connection_pool = own_pool(connection_class=Connection, max_connections=pool.max_connections, **settings)
    own.connection = None
    return own


class Database:
    """What is stored of customers, and the commands that read and change it."""

    def __init__(self, client: Any, lock_seconds: float) -> None:
        self.is_async = is_awaited(client)
        self._limit = Limit()
        self._client = client if self.is_async else bounded(client, self._limit)
        self._lock_seconds = lock_seconds
        self._errors = importlib.import_module(f"{library_of(client)}.exceptions")
        self._clock = (0.0, -CLOCK_SECONDS)  # Redis's clock less ours, and when we read it
        pool = getattr(client, "connection_pool", None)
        self._most = max(1, min(getattr(pool, "max_connections", None) or MOST_AT_ONCE, MOST_AT_ONCE))
        self._slots: Any = None if self.is_async else threading.BoundedSemaphore(self._most)
        self._loop: Any = None

    # ---- Redis's clock ----

    def now(self) -> int:
        """Microseconds, as near as the last script's answer tells."""
        return round((boot_time() + self._clock[0]) * 1e6)

    def _learn(self, answer: Answer) -> Answer:
        if answer.now:
            self._clock = (answer.now / 1e6 - boot_time(), boot_time())
        return answer

    # ---- Questions ----

    def script(
        self, script: Script, name: str, *arguments: str | int, end: float, before: Callable[[], object] = lambda: None
    ) -> Parts[Answer]:
        question = secrets.token_hex(8)
        command = ("EVALSHA", script.digest, 1, name, question, *arguments)

        def attempt() -> Any:
            before()
            return self._command(command, end)

        answer = yield from self._asked(attempt, lambda said: read_script(name, question, said), end, script)
        return self._learn(answer)

    def read(self, name: str, end: float) -> Parts[Answer]:
        """What is stored. A plain read, unless we must learn what time it is for Redis; what seems not to be there is
        asked for again, since such an answer does not tell which question it belongs to."""
        if boot_time() - self._clock[1] < CLOCK_SECONDS:
            command = ("HMGET", name, *FIELDS)
            answer = yield from self._asked(lambda: self._command(command, end), lambda a: read_fields(name, a), end)
            if answer.outcome != "missing":
                return answer
        return (yield from self.script(LOCK, name, "", "", "", 0, end=end))

    def _asked(
        self, attempt: Callable[[], Any], read: Callable[[Any], T], end: float, script: Script | None = None
    ) -> Parts[T]:
        """Redis's answer. While Redis restarts or changes its primary, asks again for as long as a lock lasts: every
        command may be sent twice. Waiting for a connection of the pool is no outage, and may last until `end`."""
        outage = time.monotonic() + self._lock_seconds
        is_unknown = False
        while True:
            pause = PAUSE_SECONDS
            try:
                if is_unknown and script:
                    yield lambda: self._load(script, end)
                return read((yield attempt))
            except MisreadError:
                failure: Exception = self._errors.ConnectionError("the connection held the answer to another command")
                yield self._disconnect
                pause = 0
            except Exception as error:
                is_unknown = isinstance(error, self._errors.NoScriptError)
                if is_unknown:
                    pause = 0
                elif not self._passes(error):
                    yield self._disconnect  # it may be the answer to another question
                    raise
                failure = error if str(error) else self._errors.TimeoutError("Redis did not answer in time")
                if self._is_full_pool(error):
                    pause = SHORT_PAUSE_SECONDS
                    outage = time.monotonic() + self._lock_seconds
            if time.monotonic() + pause >= end:
                raise error_of_code(flat.E_DEADLINE, "Redis did not answer in time") from failure
            if time.monotonic() + pause >= outage:
                raise failure
            yield lambda pause=pause: self.sleep(pause)  # type: ignore[misc]

    def _passes(self, error: Exception) -> bool:
        errors = self._errors
        if isinstance(error, tuple(getattr(errors, name) for name in LASTING if hasattr(errors, name))):
            return False
        passing = tuple(getattr(errors, name) for name in PASSING if hasattr(errors, name))
        return isinstance(error, (errors.ConnectionError, errors.TimeoutError, TimeoutError, *passing))

    def _is_full_pool(self, error: Exception) -> bool:
        full = getattr(self._errors, "MaxConnectionsError", ())
        return isinstance(error, full) or str(error).startswith(FULL_POOL)

    # ---- Blocking and awaited ----

    def sleep(self, seconds: float) -> Any:
        return asyncio.sleep(seconds) if self.is_async else time.sleep(seconds)

    def _command(self, command: tuple[Any, ...], end: float) -> Any:
        return self._awaited(command, end) if self.is_async else self._blocking(command, end)

    def _until(self, end: float) -> float:
        return min(end, time.monotonic() + self._lock_seconds)

    def _blocking(self, command: tuple[Any, ...], end: float) -> Any:
        end = self._until(end)
        if not self._slots.acquire(timeout=max(0, end - time.monotonic())):
            raise self._errors.ConnectionError("No connection available.")
        self._limit.end = end
        try:
            return self._client.execute_command(*command)
        finally:
            self._limit.end = float("inf")
            self._slots.release()

    async def _awaited(self, command: tuple[Any, ...], end: float) -> Any:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._slots = loop, asyncio.Semaphore(self._most)
        async with asyncio.timeout(max(0, self._until(end) - time.monotonic())), self._slots:
            return await self._client.execute_command(*command)

    def _load(self, script: Script, end: float) -> Any:
        return self._command(("SCRIPT LOAD", script.source), end)

    def _disconnect(self) -> Any:
        """Closes the idle connections, and with them discards answers that nobody read."""
        return self._disconnect_awaited() if self.is_async else self._disconnect_blocking()

    def _disconnect_blocking(self) -> None:
        with contextlib.suppress(Exception):  # whatever is wrong with Redis shows when it is asked again
            for client in self._clients():
                client.connection_pool.disconnect(inuse_connections=False)

    def _clients(self) -> list[Any]:
        """One, or in a cluster one for each node that was spoken to."""
        if hasattr(self._client, "connection_pool"):
            return [self._client]
        return [node.redis_connection for node in self._client.get_nodes() if node.redis_connection]

    async def _disconnect_awaited(self) -> None:
        with contextlib.suppress(Exception):
            if hasattr(self._client, "connection_pool"):
                await self._client.connection_pool.disconnect(inuse_connections=False)
            else:
                await self._client.aclose()  # which opens itself again
