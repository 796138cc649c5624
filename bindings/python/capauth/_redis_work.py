"""How capauth.redis works: written once, for the blocking and the asyncio world.

What takes time is written as a generator of steps: it yields what may block, as a function to call, or to call and
await. Whatever changes a stored customer runs under that customer's lock in Redis, on a private copy of the state that
is stored then; its outcome is stored before the lock is let go, unless the fence says that it is too old.
"""

import asyncio
import dataclasses
import functools
import json
import secrets
import time
from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar

from redis.exceptions import AuthenticationError, ConnectionError, TimeoutError

from . import _flat as flat
from . import aio
from ._client import BaseClient
from ._errors import CancelledError, Error, SignInRequiredError, TokenExpiredError, UsageError
from ._failure import error_of_code
from ._redis_scripts import LOCK, PUT, UNLOCK
from ._reply import Reply
from ._session import BaseSession
from ._sync import Session
from ._types import Headers, Json, Query

T = TypeVar("T")
Steps: TypeAlias = Generator[Callable[[], Any], Any, T]

OPERATION_SHARE = 0.75  # of what is left of a lock; the rest is for storing the outcome
POLL_SECONDS, LONGEST_POLL_SECONDS = 0.01, 0.1


class StaleError(Exception):
    """Not stored: somebody else has stored a newer state of this customer, or it was deleted."""

    __module__ = "capauth.redis"


@dataclasses.dataclass(frozen=True, slots=True)
class Lock:
    holder: str
    fence: str
    text: str = dataclasses.field(repr=False)
    until: float  # by time.monotonic()


def drive(steps: Steps[T]) -> T:
    try:
        step = next(steps)
        while True:
            try:
                value = step()
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: T = end.value
        return result


async def drive_async(steps: Steps[T]) -> T:
    try:
        step = next(steps)
        while True:
            try:
                value = await step()
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: T = end.value
        return result


def calm(text: str) -> str:
    """The same state, save that the core regenerates nothing by itself, which is what the member is for."""
    return json.dumps({**json.loads(text), "refreshOff": True})


class Stored(BaseSession):
    """What a stored customer is beside a session."""

    __slots__ = ("_name", "_state", "_work")

    _work: "Work"
    _name: str
    _state: tuple[str, str]  # fence and text, as they are in Redis

    def _adopt(self, fence: str, text: str) -> None:
        BaseSession.reload(self, calm(text))
        self._state = fence, text

    def export(self) -> str:
        """What is stored, as text. As secret as the key."""
        return self._state[1]


class Work:
    """One store's Redis, client and lock time, and what is done with them."""

    def __init__(self, redis: Any, client: BaseClient[Any], lock_seconds: float) -> None:
        self.is_async = isinstance(client, aio.Client)
        self._redis, self._client, self._lock_seconds = redis, client, lock_seconds
        self._base: Any = aio.Session if self.is_async else Session
        self._lock_script, self._unlock_script, self._put_script = map(redis.register_script, (LOCK, UNLOCK, PUT))
        self._tasks: set[asyncio.Task[Any]] = set()

    # ---- Blocking and awaited ----

    def run(self, steps: Steps[T]) -> Any:
        return drive_async(steps) if self.is_async else drive(steps)

    def _sleep(self, seconds: float) -> Any:
        return asyncio.sleep(seconds) if self.is_async else time.sleep(seconds)

    def _unbroken(self, steps: Steps[T]) -> Any:
        """As run, but whoever stops waiting for it does not stop it."""
        if not self.is_async:
            return drive(steps)
        task = asyncio.get_running_loop().create_task(drive_async(steps))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody else looks
        return asyncio.shield(task)

    # ---- Redis ----

    def _asked(self, command: Callable[[], Any]) -> Steps[list[str] | None]:
        """Redis's answer, as text. While it restarts, asks again; all that we ask may be asked twice."""
        end = time.monotonic() + self._lock_seconds
        while True:
            try:
                answer = yield command
            except AuthenticationError:
                raise
            except (ConnectionError, TimeoutError):
                if time.monotonic() > end:
                    raise
            else:
                parts = answer if isinstance(answer, list) else [answer]
                texts = [part.decode() if isinstance(part, bytes) else part for part in parts]
                return None if texts[0] is None else texts
            yield lambda: self._sleep(LONGEST_POLL_SECONDS)

    def put(self, name: str, text: str, follows: str, ttl: float | None) -> Steps[str]:
        """Stores a state without the lock, and gives its fence."""
        life = "" if ttl is None else max(1, round(ttl * 1000))
        arguments = [text, follows, life, secrets.token_hex(8)]
        answer = yield from self._asked(lambda: self._put_script([name], arguments))
        if answer is None:
            raise StaleError("a newer state of this customer is stored, or it was deleted")
        return answer[0]

    def delete(self, name: str) -> Steps[None]:
        yield from self._asked(lambda: self._redis.delete(name))

    def open(self, customer_of: Callable[[BaseSession], T], name: str, margin: float | None) -> Steps[T]:
        """The customer, made of a session, with a valid token if they are signed in."""
        answer = yield from self._asked(lambda: self._redis.hmget(name, ["fence", "text"]))
        if answer is None:
            raise KeyError("nothing is stored under this key")
        customer: Any = customer_of(self._client.restore(calm(answer[1])))
        customer._work, customer._name, customer._state = self, name, (answer[0], answer[1])
        if customer.signed_in and customer.flow != "external":
            yield from self.ensure_token(customer, margin)
        opened: T = customer
        return opened

    # ---- The lock ----

    def _lock(self, customer: Stored, lacking: Callable[[], Steps[bool]] | None, patience: float) -> Steps[Lock | None]:
        """The lock. Or, if there is something lacking that another may bring: None once it is there."""
        holder = secrets.token_hex(8)
        end = time.monotonic() + patience
        pause = POLL_SECONDS
        while True:
            asked = 0.0

            def ask() -> Any:
                nonlocal asked
                asked = time.monotonic()
                known = customer._state[0] if lacking else ""
                return self._lock_script([customer._name], [holder, known, round(self._lock_seconds * 1000)])

            answer = yield from self._asked(ask)
            if answer is None:
                raise KeyError("this customer was deleted")
            outcome, fence, text, failure = answer
            if outcome == "locked":
                until = asked + self._lock_seconds
                if time.monotonic() < until - self._lock_seconds / 2:
                    return Lock(holder, fence, text, until)
                continue  # the answer came late; the same holder gets it anew
            if outcome == "newer" and lacking:
                customer._adopt(fence, text)
                if not (yield from lacking()):
                    return None
            if failure:
                code, _, message = failure.partition(" ")
                raise error_of_code(int(code), message, operation="token_regenerate")
            if outcome == "busy":
                if time.monotonic() > end:
                    raise error_of_code(flat.E_DEADLINE, "others were at work on this customer all the time")
                yield functools.partial(self._sleep, pause)
                pause = min(pause * 1.5, LONGEST_POLL_SECONDS)

    def _unlock(self, customer: Stored, lock: Lock, text: str, failure: str) -> Steps[bool]:
        """Stores the text, unless it is empty, and tells whether it was stored."""
        arguments = [lock.holder, lock.fence, text, failure]
        answer = yield from self._asked(lambda: self._unlock_script([customer._name], arguments))
        if answer is None:
            raise KeyError("this customer was deleted")
        customer._adopt(answer[1], answer[2])
        return answer[0] == "stored"

    def _locked(
        self,
        customer: Stored,
        operation: str,
        *arguments: Any,
        lacking: Callable[[], Steps[bool]] | None = None,
        timeout: float | None = None,
        **options: Any,
    ) -> Steps[Any]:
        """An operation under the lock, unless another worker brings what is lacking. A regeneration that has begun is
        not for us alone: `timeout` then ends only the waiting for others."""
        patience = max(self._client.timeout, 2 * self._lock_seconds) if timeout is None else timeout
        lock = yield from self._lock(customer, lacking, patience)
        if lock is None:
            return None
        private = self._client.restore(lock.text)
        before = private.export()
        failure = ""
        try:
            longest = self._client.timeout if timeout is None or lacking else timeout
            options["timeout"] = min(longest, (lock.until - time.monotonic()) * OPERATION_SHARE)
            return (yield lambda: getattr(private, operation)(*arguments, **options))
        except Error as error:
            if lacking and not isinstance(error, CancelledError | UsageError):
                failure = f"{error.code} {error.message}"
            raise
        finally:
            private.close()  # a regeneration outlives those who wait for it; this one shall not outlive its lock
            after = private.export()
            changed = after if after != before else ""
            stored = yield from self._unlock(customer, lock, changed, failure)
            if changed:
                customer._changed()
            if not stored and changed and not lacking:
                raise StaleError("somebody else has stored a newer state of this customer meanwhile")

    # ---- Operations ----

    def _is_stale(self, customer: Stored, margin: float) -> Steps[bool]:
        """Whether it is time to ask for the lock, under which the core decides. The core knows the server's clock, and
        tells us whether the token has expired; how long it still lives we can only see on our own clock."""
        if customer.expires_at is not None and customer.expires_at.timestamp() - time.time() <= margin:
            return True
        try:
            yield lambda: self._base.ensure_token(customer, 0)
        except (SignInRequiredError, TokenExpiredError):
            return True
        return False

    def ensure_token(
        self,
        customer: Stored,
        margin: float | None = None,
        *,
        timeout: float | None = None,
        headers: Headers | None = None,
    ) -> Steps[str | None]:
        """Gives a token that is valid for `margin` more seconds."""
        margin = self._client.refresh_margin if margin is None else margin
        if not customer.signed_in:
            yield lambda: self._base.ensure_token(customer, margin)  # which says why not

        def lacking() -> Steps[bool]:
            return self._is_stale(customer, margin)

        if (yield from lacking()):
            yield lambda: self._unbroken(
                self._locked(customer, "ensure_token", margin, lacking=lacking, timeout=timeout, headers=headers)
            )
        return customer.token

    def regenerate_token(
        self, customer: Stored, *, timeout: float | None = None, headers: Headers | None = None
    ) -> Steps[None]:
        """Gets a fresh token, or the one that another worker is just getting."""
        yield from self._replace(customer, customer.token, timeout=timeout, headers=headers)

    def _replace(self, customer: Stored, refused: str | None, **options: Any) -> Steps[None]:
        """Gets another token than the one that was refused."""

        def lacking() -> Steps[bool]:
            yield from ()
            return customer.token == refused or not customer.signed_in

        if (yield from lacking()):
            yield lambda: self._unbroken(self._locked(customer, "regenerate_token", lacking=lacking, **options))

    def gateway(
        self,
        customer: Stored,
        method: str,
        endpoint: str,
        query: Query | None = None,
        body: str | Json | None = None,
        repeatable: bool = False,
        *,
        margin: float | None = None,
        timeout: float | None = None,
        headers: Headers | None = None,
    ) -> Steps[Reply]:
        def send() -> Any:
            return self._base.gateway(
                customer, method, endpoint, query, body, repeatable, timeout=timeout, headers=headers
            )

        for last in (False, True):
            if customer.signed_in and customer.flow != "external":
                yield from self.ensure_token(customer, margin, timeout=timeout)
            token = customer.token
            try:
                reply: Reply = yield send
                return reply
            except (SignInRequiredError, TokenExpiredError) as refusal:
                if last or not customer.signed_in:
                    raise
                if not refusal.http_status:
                    continue  # The token expired just now, or we just heard what time it is. Nothing was sent.
                yield from self._replace(customer, token, timeout=timeout)
                if method != "GET" and not repeatable:
                    refusal.retryable = True  # there is a fresh token now; sending again is the caller's to decide
                    raise
        raise AssertionError  # the last one gives or raises

    def step(self, operation: str, customer: Stored, *arguments: Any, **options: Any) -> Steps[Any]:
        """Any other operation."""
        return (yield lambda: self._unbroken(self._locked(customer, operation, *arguments, **options)))
