"""How capauth.redis works: written once, for the blocking and the asyncio world.

Whatever changes a stored customer runs under that customer's lock in Redis, on a private copy of the state that is
stored then. Its outcome is stored before the lock is given back, unless the fence shows that a newer state is stored.
"""

from __future__ import annotations  # those of functions made in passing would be worked out each time

import asyncio
import copy
import dataclasses
import functools
import hashlib
import math
import secrets
import socket
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from . import _flat as flat
from . import _redis_failure as failures
from . import aio
from ._client import BaseClient
from ._errors import DeadlineError, Error, TokenExpiredError, UsageError
from ._failure import error_of_code
from ._options import CallOptions
from ._redis_customer import ORIGIN, Settings, StaleError, Stored, StoreEvent, plain_origin, reported
from ._redis_database import Database, Parts
from ._redis_flight import AsyncFlights, AsyncReads, BlockingFlights, BlockingReads, drive, drive_async, kept, too_late
from ._redis_scripts import LOCK, PUT, UNLOCK, Answer, State
from ._reply import Reply
from ._session import BaseSession
from ._sync import Session

T = TypeVar("T")

OPERATION_SHARE = 0.75  # of what is left of a lock; the rest is for storing the outcome
POLL_SECONDS, LONGEST_POLL_SECONDS = 0.01, 0.1
MARGIN_SHARE = 0.5  # of a token's life: a longer margin would regenerate a token that is quite new
REMEMBERED_MS = 3600 * 1000  # how long it is known that a customer was deleted


class Lock(NamedTuple):
    holder: str
    fence: str
    state: State
    until: float  # by time.monotonic()


@dataclasses.dataclass(slots=True)
class Outcome:
    """What came of a regeneration, ours or another's."""

    state: State
    error: Error | MemoryError | None = None


@dataclasses.dataclass(slots=True)
class Done:
    """What came of an operation under the lock."""

    state: State = State()
    value: Any = None
    error: Error | None = None
    changed: bool = False
    stored: bool = False


class Work:
    """One store's Redis, client and settings, and what is done with them."""

    def __init__(self, redis: Any, client: BaseClient[Any], settings: Settings) -> None:
        self.is_async = isinstance(client, aio.Client)
        self._client, self._settings = client, settings
        self._database = Database(redis, settings.lock_seconds)
        self._base: Any = aio.Session if self.is_async else Session
        host = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
        self._worker = f"{host}:{secrets.token_hex(4)}"
        self._flights: Any = AsyncFlights(self._usual_seconds) if self.is_async else BlockingFlights()
        self._reads: Any = AsyncReads() if self.is_async else BlockingReads()
        self._held_back: dict[str, tuple[float, Error]] = {}

    # ---- Blocking and awaited ----

    def run(self, parts: Parts[T]) -> Any:
        return drive_async(parts) if self.is_async else drive(parts)

    def _unbroken(self, parts: Parts[T]) -> Any:
        """As run, but goes on when the task that waits for it is cancelled."""
        return asyncio.shield(kept(drive_async(parts))) if self.is_async else drive(parts)

    # ---- Time ----

    def _usual_seconds(self) -> float:
        return self._client.timeout

    def end(self, timeout: float | None, margin: float | None = None) -> float:
        """When a call with these options ends, on time.monotonic()."""
        options = CallOptions()  # refuses what the core would
        if timeout is not None:
            options.seconds("timeout", flat.options_set_timeout_ms, timeout)
        if margin is not None:
            options.seconds("margin", flat.options_set_margin_ms, margin)
        return time.monotonic() + (self._usual_seconds() if timeout is None else timeout)

    def _is_hurried(self, timeout: float | None) -> bool:
        return timeout is not None and timeout < self._usual_seconds()

    def _left(self, customer: Stored) -> float:
        """For how many seconds the token is valid: by Redis's clock, which all workers share, and by the service's,
        once it has told us. Our own clock may be wrong."""
        by_redis = customer._state.left(self._database.now())
        by_service = flat.session_expires_in_ms(customer._handle)
        return min(math.inf if by_redis is None else by_redis, math.inf if by_service < 0 else by_service / 1000)

    def _lacks(self, customer: Stored, margin: float) -> bool:
        life = customer._state.life
        return self._left(customer) <= (min(margin, life * MARGIN_SHARE) if life else margin)

    # ---- Texts ----

    def _sealed(self, text: str) -> str:
        encrypt = self._settings.encrypt
        return encrypt(text) if encrypt and text else text

    def _opened(self, state: State) -> State:
        decrypt = self._settings.decrypt
        text = decrypt(state.text) if decrypt and state.text else state.text
        origin = ORIGIN.match(text)
        if origin and plain_origin(origin[2]) in self._settings.earlier_origins:
            text = f"{origin[1]}{self._origin()}{text[origin.end(2) :]}"
        return state if text == state.text else dataclasses.replace(state, text=text)

    def _origin(self) -> str:
        """The client's, as exports have it."""
        with self._client.external_session("-", "-", "-") as session:
            here = ORIGIN.match(session.export())
        assert here
        return here[2]

    # ---- What Redis keeps ----

    def _state_of(self, answer: Answer, missing: str) -> State:
        if answer.outcome == "deleted":
            raise KeyError("this customer was deleted")
        if answer.outcome == "missing":
            raise KeyError(missing)
        if answer.outcome == "version":
            raise error_of_code(flat.E_UNSUPPORTED, "a later version of capauth has stored this customer")
        return self._opened(answer.state)

    GONE = "this customer is no longer in Redis: expired or evicted, or Redis has lost its data"

    def read(self, name: str, end: float, is_hurried: bool = False) -> Parts[State]:
        def work(end: float) -> Parts[Answer]:
            return self._database.read(name, end)

        answer = yield lambda: self._reads.join(name, work, end, is_hurried)
        return self._state_of(answer, "nothing is stored under this key")

    def exists(self, name: str) -> Parts[bool]:
        answer = yield from self._database.read(name, self.end(None))
        return answer.outcome not in ("missing", "deleted")

    def _put(self, name: str, action: str, *arguments: str | int) -> Parts[Answer]:
        padded = (*arguments, "", "", "", "", "")[:5]
        return (yield from self._database.script(PUT, name, action, *padded, end=self.end(None)))

    def save(self, name: str, session: BaseSession, text: str, follows: str, ttl: str | int) -> Parts[State]:
        """Stores a state without the lock, and gives it with its fence."""
        life = flat.session_expires_in_ms(session._handle)
        arguments = (self._sealed(text), follows, "" if life < 0 else life, ttl, self._settings.ttl_ms)
        answer = yield from self._put(name, "save", *arguments)
        if answer.outcome != "stored":
            raise StaleError("a newer state of this customer was stored, or the customer was deleted")
        now = answer.now
        return State(answer.state.fence, text, now, 0 if life < 0 else now + life * 1000)

    def touch(self, name: str, ttl: str | int) -> Parts[None]:
        answer = yield from self._put(name, "touch", "", "", "", ttl)
        self._state_of(answer, "nothing is stored under this key")

    def delete(self, names: list[str]) -> Parts[None]:
        for name in names:
            yield from self._put(name, "delete", "", "", "", REMEMBERED_MS)

    def open(
        self, make: Callable[[BaseSession], Stored], name: str, margin: float | None, timeout: float | None
    ) -> Parts[Stored]:
        """The customer, made of a session, with a valid token if they are signed in."""
        end = self.end(timeout, margin)
        state = yield from self.read(name, end, self._is_hurried(timeout))
        customer = make(self._client.restore(state.text))
        customer._set_stored(name, state)
        if self._can_regenerate(customer):
            yield from self._valid(customer, margin, end, self._is_hurried(timeout))
        return customer

    # ---- The lock ----

    def _lock(self, name: str, known: str, end: float) -> Parts[Lock | Answer]:
        """The lock; or, if the known state does not do, an answer that says what became of it."""
        holder = secrets.token_hex(8)
        pause = POLL_SECONDS
        while True:
            asked = 0.0

            def note() -> None:
                nonlocal asked
                asked = time.monotonic()

            taker = "" if known and self._own_failure(name) else holder
            arguments = (self._worker, taker, known, round(self._settings.lock_seconds * 1000))
            answer = yield from self._database.script(LOCK, name, *arguments, end=end, before=note)
            if answer.outcome == "locked":
                until = asked + self._settings.lock_seconds
                if time.monotonic() < until - self._settings.lock_seconds / 2:
                    return Lock(holder, answer.state.fence, self._opened(answer.state), until)
                continue  # the answer came late; the same holder gets the lock again
            if answer.outcome != "busy":
                return answer
            if time.monotonic() + pause > end:
                raise too_late()
            yield functools.partial(self._database.sleep, pause)
            pause = min(pause * 1.5, LONGEST_POLL_SECONDS)

    def _under(
        self,
        name: str,
        lock: Lock,
        operation: str,
        *arguments: Any,
        timeout: float,
        tell: Callable[[Error], failures.Report] = lambda _error: failures.Report(),
        **options: Any,
    ) -> Parts[Done]:
        """An operation under the lock, its outcome stored. `tell`: what other workers are to know of its failure."""
        done, report, changed, life = Done(), failures.Report(), "", -1
        private: BaseSession | None = None
        try:
            private = self._client.restore(lock.state.text)
            before = private.export()
            options["timeout"] = max(0.001, min(timeout, (lock.until - time.monotonic()) * OPERATION_SHARE))
            done.value = yield lambda: getattr(private, operation)(*arguments, **options)
        except Error as error:
            done.error = error
            report = tell(error)
        finally:
            if private is not None:
                private.close()  # else a regeneration goes on without those who wait for it, and may outlast its lock
                after = private.export()
                changed = after if after != before else ""
                life = flat.session_expires_in_ms(private._handle)
            done.changed = bool(changed)
            yield from self._unlock(name, lock, changed, life, report, done)
        return done

    def _unlock(
        self, name: str, lock: Lock, text: str, life: int, report: failures.Report, done: Done
    ) -> Parts[None]:
        answer = yield from self._database.script(
            *(UNLOCK, name, self._worker, lock.holder, lock.fence, self._sealed(text), "" if life < 0 else life),
            *(report.text, report.kind, report.hold_ms),
            end=time.monotonic() + self._settings.lock_seconds,
        )
        done.state = self._state_of(answer, self.GONE)
        done.stored = answer.outcome == "stored"

    # ---- One regeneration ----

    def _lock_or_wait(self, name: str, known: State, end: float, is_hurried: bool) -> Parts[Outcome]:
        """The state after the known one, brought by us or by another worker, or the error why there is none."""
        started_at = time.monotonic()
        lock = yield from self._lock(name, known.fence, end)
        if isinstance(lock, Lock):
            return (yield from self._regeneration(name, lock, end, is_hurried))
        if lock.outcome == "free":
            return Outcome(known, self._own_failure(name))
        state = known if lock.state.fence == known.fence else self._state_of(lock, self.GONE)
        if not lock.failure:
            self._count("wait", started_at)
            return Outcome(state)
        error = failures.read(lock.failure, lock.wait)
        self._count("shared_failure", started_at, getattr(error, "name", ""))
        return Outcome(state, error)

    def _regeneration(self, name: str, lock: Lock, end: float, is_hurried: bool) -> Parts[Outcome]:
        started_at = time.monotonic()
        timeout = end - started_at if is_hurried else self._usual_seconds()
        tell = functools.partial(failures.report, is_hurried=is_hurried)
        done = yield from self._under(name, lock, "regenerate_token", timeout=timeout, tell=tell)
        error = done.error
        if error is None:
            self._count("regeneration", started_at)
            return Outcome(done.state)
        self._count("failure", started_at, error.name)
        if is_hurried and isinstance(error, DeadlineError):
            raise error
        if failures.is_own(error):
            self._hold_back(name, error)
        # Another may have brought what we could not.
        return Outcome(done.state, error if done.stored else None)

    def _hold_back(self, name: str, error: Error) -> None:
        """A worker that could not reach the service leaves the regeneration to others for a while."""
        now = time.monotonic()
        self._held_back = {name: held for name, held in self._held_back.items() if held[0] > now}
        self._held_back[name] = now + failures.PAUSE_SECONDS, error

    def _own_failure(self, name: str) -> Error | None:
        until, error = self._held_back.get(name, (0.0, None))
        return copy.copy(error) if time.monotonic() < until else None

    def _next_state(self, customer: Stored, suffices: Callable[[], bool], end: float, is_hurried: bool) -> Parts[None]:
        """Waits for a state after this one, in this process once for all who want it."""
        alone = is_hurried and not self.is_async
        while True:
            known = customer._state

            def work(end: float, known: State = known) -> Parts[Outcome]:
                return self._lock_or_wait(customer._name, known, end, alone)

            outcome: Outcome = yield lambda: self._flights.join(customer._name, work, end, is_hurried)  # noqa: B023
            if customer._adopt(outcome.state):
                reported(customer._changed)
            if suffices():
                return
            if outcome.error:
                raise copy.copy(outcome.error)
            if not self._can_regenerate(customer):
                return
            if time.monotonic() > end:
                raise too_late()

    # ---- Operations ----

    @staticmethod
    def _can_regenerate(customer: Stored) -> bool:
        return customer.signed_in and customer.flow != "external"

    def _valid(self, customer: Stored, margin: float | None, end: float, is_hurried: bool) -> Parts[None]:
        started_at = time.monotonic()
        if not self._lacks(customer, self._client.refresh_margin if margin is None else margin):
            self._count("hit", started_at)
            return
        try:
            # Who waited takes any newer token that has not expired: another margin would regenerate it again.
            known = customer._state.fence
            newer_lives = lambda: customer._state.fence != known and self._left(customer) > 0  # noqa: E731
            yield from self._next_state(customer, newer_lives, end, is_hurried)
        except Error as error:
            if margin is not None or isinstance(error, UsageError) or self._left(customer) <= 0:
                raise

    def ensure_token(
        self, customer: Stored, margin: float | None = None, *, timeout: float | None = None, **options: Any
    ) -> Parts[str | None]:
        """Gives a token that is valid for `margin` more seconds."""
        end = self.end(timeout, margin)
        if not customer.signed_in:
            yield lambda: self._base.ensure_token(customer, margin, **options)  # which says why not
        yield from self._valid(customer, margin, end, self._is_hurried(timeout))
        if not customer.signed_in:
            yield lambda: self._base.ensure_token(customer, 0)
        return customer.token

    def regenerate_token(self, customer: Stored, *, timeout: float | None = None, **_options: Any) -> Parts[None]:
        """Gets a fresh token, or the one that another worker is just getting."""
        yield from self._replace(customer, customer.token, self.end(timeout), self._is_hurried(timeout))

    def _replace(self, customer: Stored, refused: str | None, end: float, is_hurried: bool) -> Parts[None]:
        """Gets another token than the one that was refused."""
        if customer.token == refused:
            yield from self._next_state(customer, lambda: customer.token not in (None, refused), end, is_hurried)

    def gateway(
        self,
        customer: Stored,
        method: str,
        endpoint: str,
        query: Any = None,
        body: Any = None,
        repeatable: bool = False,
        *,
        margin: float | None = None,
        timeout: float | None = None,
        **options: Any,
    ) -> Parts[Reply]:
        end, is_hurried = self.end(timeout, margin), self._is_hurried(timeout)
        may_repeat = method == "GET" or repeatable

        def send() -> Any:
            left = None if timeout is None else max(0.001, end - time.monotonic())
            return self._base.gateway(
                customer, method, endpoint, query, body, repeatable, margin=0, timeout=left, **options
            )

        for last in (False, True):
            if self._can_regenerate(customer):
                yield from self._valid(customer, margin, end, is_hurried)
            token = customer.token
            try:
                reply: Reply = yield send
                return reply
            except TokenExpiredError as refusal:
                was_sent = bool(refusal.http_status)
                if last or not self._can_regenerate(customer):
                    raise
                yield from self._replace(customer, token, end, is_hurried)
                if was_sent and not may_repeat:
                    refusal.retryable = True  # with the fresh token; sending again is for the caller to decide
                    raise
        raise AssertionError  # the last one gives or raises

    def operate(self, operation: str, customer: Stored, *arguments: Any, **options: Any) -> Parts[Any]:
        """Any other operation."""
        return (yield lambda: self._unbroken(self._operate(operation, customer, *arguments, **options)))

    def _operate(
        self, operation: str, customer: Stored, *arguments: Any, timeout: float | None = None, **options: Any
    ) -> Parts[Any]:
        end = self.end(timeout)
        lock = yield from self._lock(customer._name, "", end)
        if not isinstance(lock, Lock):
            self._state_of(lock, self.GONE)
            raise AssertionError
        longest = self._usual_seconds() if timeout is None else end - time.monotonic()
        done = yield from self._under(customer._name, lock, operation, *arguments, timeout=longest, **options)
        customer._adopt(done.state)
        if done.changed:
            reported(customer._changed)
        if done.error:
            raise done.error
        if done.changed and not done.stored:
            raise StaleError("another worker has stored a newer state of this customer meanwhile")
        return done.value

    # ---- Metrics ----

    def _count(self, kind: Any, started_at: float, error: str = "") -> None:
        if self._settings.metrics:
            reported(self._settings.metrics, StoreEvent(kind, time.monotonic() - started_at, error))
