"""capauth.redis: answers that belong to somebody else, entries that are damaged, and what is asked of the arguments."""

import asyncio
import datetime
import math
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis
import redis.asyncio
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from redis_server import RedisServer
from support import KEY, Store, in_loop, in_threads

import capauth
import capauth.aio
from capauth._redis_scripts import FIELDS, LOCK
from capauth.redis import SessionStore, StaleError
from capauth.testing import Emulator

SignIn = Callable[[capauth.Session], capauth.Session]


@pytest.fixture
def somebody(store: Store, client: capauth.Client, brand: str, mobile: str, sign_in: SignIn) -> capauth.Session:
    """Another customer, stored as "somebody"."""
    session = sign_in(client.session(brand=brand, mobile=mobile + "9", device_id="device-2"))
    store.save("somebody", session)
    return session


# ---- Answers to other questions ----


def leave_unread(store: Store, *command: object) -> None:
    """As an exception of a signal handler does it: the question was sent, and its answer stays in the connection. It
    arrives after redis-py has looked."""
    pool = store._work._database._client.connection_pool
    connection = pool.get_connection()
    connection.send_command(*command)
    connection.can_read = lambda *_arguments, **_options: False
    pool.release(connection)


def test_another_customer_s_session_is_never_handed_out(
    store: Store, signed_in: capauth.Session, somebody: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY):
        pass  # now Redis's clock is known, and customers are read without a script
    leave_unread(store, "HMGET", store.name("somebody"), *FIELDS)
    with store.session(KEY) as customer:
        assert customer.token == signed_in.token
    with store.session("somebody") as customer:
        assert customer.token == somebody.token


def test_another_customer_s_token_is_never_taken_over(
    store: Store, database: redis.Redis, signed_in: capauth.Session, somebody: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    database.script_load(LOCK.source)
    unread: list[tuple[object, ...]] = [
        ("EVALSHA", LOCK.digest, 1, store.name("somebody"), "another", "host:1", "", "1", 0),  # "newer"
        ("EVALSHA", LOCK.digest, 1, store.name(KEY), "another", "host:1", "", "1", 0),
        ("EVALSHA", "0" * 40, 1, store.name(KEY)),
        ("HMGET", store.name("somebody"), *FIELDS),
        ("HMGET", store.name(KEY), *FIELDS),
        ("PING",),
    ]
    with store.session(KEY) as customer:
        for command in unread:
            leave_unread(store, *command)
            before = customer.token
            customer.regenerate_token()
            assert customer.token not in (before, somebody.token)
            assert customer.identifier == signed_in.identifier


def test_an_answer_that_says_nothing_is_asked_for_again(store: Store, signed_in: capauth.Session) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY):
        pass
    leave_unread(store, "HMGET", store.name("never"), *FIELDS)
    with store.session(KEY) as customer:
        assert customer.token == signed_in.token


def test_exception_of_a_signal_handler_mixes_up_nobody(
    redis_server: RedisServer, store: Store, signed_in: capauth.Session, somebody: capauth.Session
) -> None:
    class Interruption(Exception):
        pass

    def interrupt(*_arguments: object) -> None:
        raise Interruption

    store.save(KEY, signed_in)
    with store.session(KEY):
        pass
    previous = signal.signal(signal.SIGALRM, interrupt)
    os.kill(redis_server.process.pid, signal.SIGSTOP)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(Interruption), store.session("somebody"):
            pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.kill(redis_server.process.pid, signal.SIGCONT)
        signal.signal(signal.SIGALRM, previous)
    for _ in range(3):
        with store.session(KEY) as customer:
            assert customer.token == signed_in.token


def test_async_answers_are_compared_too(
    redis_server: RedisServer, emulator: Emulator, store: Store, signed_in: capauth.Session, somebody: capauth.Session
) -> None:
    store.save(KEY, signed_in)

    async def work(store: SessionStore[capauth.aio.Client]) -> None:
        async with store.session(KEY):
            pass
        pool = store._work._database._client.connection_pool
        connection = await pool.get_connection()
        await connection.send_command("HMGET", store.name("somebody"), *FIELDS)

        async def nothing(*_arguments: object, **_options: object) -> bool:
            return False

        connection.can_read_destructive = connection.can_read = nothing
        await pool.release(connection)
        async with store.session(KEY) as customer:
            assert customer.token == signed_in.token

    in_loop(redis_server, emulator, work)


def test_customer_does_not_become_another(
    store: Store, other: Store, signed_in: capauth.Session, somebody: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        other.save(KEY, somebody)  # somebody else signs in under the same cookie
        with pytest.raises(StaleError, match="another customer"):
            customer.regenerate_token()
        assert customer.identifier == signed_in.identifier


# ---- Entries ----


def test_damaged_entry_is_an_error_without_secrets(
    store: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        database.hset(store.name(KEY), "text", signed_in.export()[:-5])
        with pytest.raises(capauth.InvalidArgumentError) as caught:
            customer.regenerate_token()
        assert database.hget(store.name(KEY), "holder") is None
    with pytest.raises(capauth.InvalidArgumentError) as opened, store.session(KEY):
        pass
    for error in (caught.value, opened.value):
        seen: BaseException | None = error
        while seen is not None:
            assert str(signed_in.key) not in repr(vars(seen)) + str(seen) + repr(seen.args)
            seen = seen.__cause__ or seen.__context__


def test_entry_of_a_later_version_is_refused(store: Store, database: redis.Redis, signed_in: capauth.Session) -> None:
    store.save(KEY, signed_in)
    database.hset(store.name(KEY), "v", "2")
    with pytest.raises(capauth.UsageError, match="later version"), store.session(KEY):
        pass


def test_texts_go_through_the_cipher(
    database: redis.Redis, client: capauth.Client, signed_in: capauth.Session, regenerations: Callable[[], int]
) -> None:
    def turned(text: str) -> str:
        return text[::-1]

    sealed = SessionStore(database, client, encrypt=turned, decrypt=turned)
    sealed.save(KEY, signed_in)
    with sealed.session(KEY) as customer:
        customer.regenerate_token()
    stored: Any = database.hget(sealed.name(KEY), "text")
    assert turned(stored.decode()) == customer.export()
    with sealed.session(KEY) as again:
        assert again.token == customer.token
    assert regenerations() == 1


def test_entries_of_an_earlier_origin_move_with_the_client(
    emulator: Emulator, store: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    moved = emulator.url.replace("127.0.0.1", "localhost")
    with capauth.Client(base_url=moved, ca_file=emulator.ca_file) as client:
        unaware = SessionStore(database, client).session(KEY)
        with pytest.raises(capauth.InvalidArgumentError, match="another origin"), unaware:
            pass
        with SessionStore(database, client, earlier_origins=[emulator.url + "/"]).session(KEY) as customer:
            assert customer.gateway("GET", "customer/get").ok
            customer.regenerate_token()
        with SessionStore(database, client).session(KEY) as again:  # what is stored now is of the new one
            assert again.token == customer.token
        with pytest.raises(TypeError, match="earlier_origins"):
            SessionStore(database, client, earlier_origins=emulator.url)


# ---- Arguments ----


@pytest.mark.parametrize("ttl", [0, -1, -math.inf, math.nan, 1e12, datetime.timedelta(0), datetime.timedelta(-1)])
def test_time_to_live_that_is_none_is_refused(
    store: Store, database: redis.Redis, client: capauth.Client, signed_in: capauth.Session, ttl: Any
) -> None:
    for refused in (
        lambda: store.save(KEY, signed_in, ttl=ttl),
        lambda: store.touch(KEY, ttl=ttl),
        lambda: SessionStore(database, client, ttl=ttl),
    ):
        with pytest.raises(capauth.InvalidArgumentError, match="ttl must be more than 0"):
            refused()
    assert database.keys() == []


def test_time_to_live_is_kept_until_it_is_changed(
    database: redis.Redis, client: capauth.Client, signed_in: capauth.Session
) -> None:
    store = SessionStore(database, client, ttl=datetime.timedelta(days=1))

    def left() -> int:
        return int(database.ttl(store.name(KEY)))

    store.save(KEY, signed_in)
    assert 86300 < left() <= 86400
    store.save(KEY, signed_in, ttl=500)
    store.save(KEY, signed_in)
    assert 400 < left() <= 500
    with store.session(KEY) as customer:
        database.expire(store.name(KEY), 10)
        customer.regenerate_token()
        assert 400 < left() <= 500
        database.expire(store.name(KEY), 10)
        store.touch(KEY)
        assert 400 < left() <= 500
        store.touch(KEY, ttl=math.inf)
        assert left() == -1
        store.save(KEY, customer)
        assert left() == -1
    store.delete(KEY)
    store.save(KEY, client.restore(signed_in.export()))
    assert 86300 < left() <= 86400


def test_keys_may_be_bytes(store: Store, signed_in: capauth.Session) -> None:
    store.save(KEY.encode(), signed_in)
    with store.session(KEY) as customer:
        assert customer.token == signed_in.token
    store.save(b"\xff\x00", signed_in)
    assert store.exists(b"\xff\x00")


def test_what_is_there_can_be_asked_and_deleted_together(store: Store, signed_in: capauth.Session) -> None:
    for key in ("a", "b", "c"):
        assert not store.exists(key)
        store.save(key, signed_in)
    store.delete("a", "b", "never")
    assert [store.exists(key) for key in ("a", "b", "c")] == [False, False, True]
    with pytest.raises(KeyError, match="deleted"), store.session("a"):
        pass
    with pytest.raises(KeyError, match="deleted"):
        store.touch("b")
    with pytest.raises(KeyError, match="nothing is stored"):
        store.touch("never")


def test_evicted_customer_is_not_called_deleted(
    store: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        database.delete(store.name(KEY))
        with pytest.raises(KeyError, match="expired or evicted"):
            customer.regenerate_token()


def test_on_change_that_raises_changes_nothing_else(
    store: Store, other: Store, signed_in: capauth.Session, unraisable: list[object]
) -> None:
    def fail(_customer: object) -> None:
        raise ZeroDivisionError

    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        customer.on_change(fail)
        customer.regenerate_token()
        customer.sign_out()
    assert [type(error) for error in unraisable] == [ZeroDivisionError] * 2
    with other.session(KEY) as customer:
        assert not customer.signed_in


def test_customer_says_what_it_is(store: Store, signed_in: capauth.Session) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        assert repr(customer) == f"<capauth.redis.Customer {signed_in.brand!r} mobile done>"
        assert "capauth:" in repr(store)


def test_second_factor_of_a_customer_is_a_plain_session(
    emulator: Emulator, store: Store, client: capauth.Client, mobile: str
) -> None:
    emulator.brand("SecondFactor", IS_MFA_ENABLED=True)
    emulator.customer("SecondFactor", mobile=mobile, mfa=True)
    session = client.session(brand="SecondFactor", mobile=mobile, device_id="device-1")
    store.save(KEY, session)
    with store.session(KEY) as customer:
        customer.generate_token()
        customer.generate_otp()
        customer.validate_otp(emulator.otp(mobile, brand="SecondFactor"))
        second = customer.second_factor()
        assert type(second) is capauth.Session
        second.generate_token()
        store.save("second", second)


# ---- Time ----


@pytest.mark.parametrize("world", ["blocking", "asyncio"])
@pytest.mark.parametrize("bound", ["timeout", "lock_seconds"])
def test_redis_that_hangs_has_no_longer_than_it_is_given(
    redis_server: RedisServer,
    emulator: Emulator,
    store: Store,
    signed_in: capauth.Session,
    world: str,
    bound: str,
) -> None:
    """Neither redis-py's own retries nor a socket without an end make it longer."""
    store.save(KEY, signed_in)
    timeout, lock_seconds = (0.3, 60.0) if bound == "timeout" else (None, 0.3)
    patient: dict[str, Any] = {"port": redis_server.port, "socket_timeout": 60}

    def blocking() -> None:
        retry = Retry(ExponentialBackoff(cap=10, base=5), 9)
        with (
            emulator.client() as client,
            redis.Redis(retry=retry, **patient) as database,
            SessionStore(database, client, lock_seconds=lock_seconds).session(KEY, timeout=timeout),
        ):
            pass

    async def awaited() -> None:
        async with (
            capauth.aio.Client(**emulator.options()) as client,
            redis.asyncio.Redis(**patient) as database,
            SessionStore(database, client, lock_seconds=lock_seconds).session(KEY, timeout=timeout),
        ):
            pass

    os.kill(redis_server.process.pid, signal.SIGSTOP)
    answers_late = threading.Timer(30, os.kill, (redis_server.process.pid, signal.SIGCONT))  # then nothing is raised
    answers_late.start()
    try:
        with pytest.raises(capauth.DeadlineError if bound == "timeout" else redis.RedisError):
            blocking() if world == "blocking" else asyncio.run(awaited())
    finally:
        answers_late.cancel()
        os.kill(redis_server.process.pid, signal.SIGCONT)


def test_timeout_bounds_waiting_for_this_process_too(
    store: Store, expired: str, emulator: Emulator, brand: str
) -> None:
    emulator.fault("/auth/v1/token/regenerate", brand=brand, delayMs=3000)
    ended: list[int] = []

    def work(number: int) -> None:
        with store.session(KEY) as customer:
            try:
                customer.regenerate_token(timeout=0.3 if number else None)
            finally:
                ended.append(number)

    patient, *hurried = in_threads(4, work)
    assert patient is None
    assert [type(error) for error in hurried] == [capauth.DeadlineError] * 3
    assert ended[-1] == 0, "the others waited as long as the one that has the time"
