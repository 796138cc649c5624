"""capauth.redis: what it promises, each by itself. test_redis_fleet.py has all of it at once."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("redis")
import redis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

import capauth
import capauth.aio
from capauth._redis_work import Steps, drive
from capauth.redis import SessionStore, StaleError
from capauth.testing import Emulator

if TYPE_CHECKING:
    from redis_server import RedisServer

REGENERATE = "/auth/v1/token/regenerate"
COUNTED = f"POST {REGENERATE}"
REFUSAL = '{"status":{"success":false,"code":1597,"message":"no"},"auth":null,"identifiers":null,"user":null}'
KEY = "cookie-with-secret"
Store = SessionStore[capauth.Client]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """One of this file's own, since its tests move the clock."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def database(redis_server: "RedisServer") -> Iterator[redis.Redis]:
    with redis_server.connect() as database:
        database.flushall()
        yield database


@pytest.fixture
def store(database: redis.Redis, client: capauth.Client) -> Store:
    return SessionStore(database, client)


@pytest.fixture
def other(redis_server: "RedisServer", emulator: Emulator) -> Iterator[Store]:
    """As another worker would have it."""
    with emulator.client() as client, redis_server.connect() as database:
        yield SessionStore(database, client)


@pytest.fixture
def expired(store: Store, signed_in: capauth.Session, emulator: Emulator) -> str:
    """The stored customer's token, which nobody knows yet to have expired."""
    store.save(KEY, signed_in)
    emulator.advance(3600)
    return str(signed_in.token)


@pytest.fixture
def regenerations(emulator: Emulator, brand: str) -> Callable[[], int]:
    return lambda: emulator.requests(brand=brand).get(COUNTED, 0)


def in_threads(count: int, work: Callable[[int], object]) -> list[Any]:
    """What each gave or raised."""
    results: list[Any] = [None] * count

    def run(number: int) -> None:
        try:
            results[number] = work(number)
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def expire_lock(database: redis.Redis, store: Store) -> None:
    database.hset(store.name(KEY), "until", 0)


# ---- Keeping ----


def test_what_is_saved_comes_back(store: Store, other: Store, signed_in: capauth.Session) -> None:
    store.save(KEY, signed_in)
    with other.session(KEY) as customer:
        assert isinstance(customer, capauth.Session)
        assert (customer.token, customer.key) == (signed_in.token, signed_in.key)
        assert customer.export() == signed_in.export()
        assert customer.gateway("GET", "customer/get").ok


def test_what_is_not_stored_is_a_key_error(store: Store, signed_in: capauth.Session) -> None:
    store.save(KEY, signed_in)
    store.delete(KEY)
    store.delete(KEY)
    for missing in (KEY, "never"):
        with pytest.raises(KeyError) as caught, store.session(missing):
            pass
        assert missing not in str(caught.value)


def test_names_and_texts_hold_no_secret(store: Store, database: redis.Redis, signed_in: capauth.Session) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        texts = [repr(store), repr(customer), *map(str, database.keys())]
    for secret in (KEY, str(signed_in.token), str(signed_in.key), str(signed_in.identifier)):
        assert not any(secret in text for text in texts)
    assert database.keys() == [store.name(KEY).encode()]


def test_customer_is_forgotten_after_ttl(store: Store, database: redis.Redis, signed_in: capauth.Session) -> None:
    store.save(KEY, signed_in)
    assert database.ttl(store.name(KEY)) == -1
    store.save(KEY, signed_in, ttl=500)
    database.expire(store.name(KEY), 100)
    with store.session(KEY, margin=86400) as customer:
        assert customer.token != signed_in.token
    assert 400 < int(database.ttl(store.name(KEY))) <= 500
    store.save("short", signed_in, ttl=0.001)
    until(lambda: not database.exists(store.name("short")))


def test_client_may_decode_responses(
    redis_server: "RedisServer", client: capauth.Client, store: Store, expired: str
) -> None:
    with redis.Redis(port=redis_server.port, decode_responses=True) as database:
        with SessionStore(database, client).session(KEY) as customer:
            assert customer.gateway("GET", "customer/get").ok


def test_misuse_is_refused(
    client: capauth.Client, database: redis.Redis, store: Store, signed_in: capauth.Session
) -> None:
    with pytest.raises(TypeError, match="capauth.aio.Client"):
        SessionStore(redis.asyncio.Redis(), client)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="lock_seconds"):
        SessionStore(database, client, lock_seconds=0)
    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        with pytest.raises(capauth.UsageError, match="start_regenerate_token"):
            customer.start_regenerate_token()
        with pytest.raises(capauth.UsageError, match="reload"):
            customer.reload(signed_in.export())
        with pytest.raises(capauth.InvalidArgumentError):
            customer.ensure_token(margin=1e7)
        assert customer.ensure_token() == signed_in.token
        assert customer.start_gateway("GET", "customer/get").result().ok


def test_missing_redis_py_is_said() -> None:
    program = "import sys; sys.modules['redis'] = None\ntry: import capauth.redis\nexcept ImportError as e: print(e)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
    assert said == "capauth.redis needs redis-py: pip install 'capauth[redis]'\n"


# ---- A valid token, once ----


def test_token_is_renewed_on_entry_and_stored(
    store: Store, other: Store, expired: str, client: capauth.Client, regenerations: Callable[[], int], mobile: str
) -> None:
    client.session(brand="DocDemo", mobile=mobile, device_id="d").generate_token()  # it learns what time it is
    with store.session(KEY) as customer:
        assert customer.token != expired
        renewed = customer.token
    with other.session(KEY) as customer:
        assert customer.token == renewed
    assert regenerations() == 1


def test_margin_counts(store: Store, signed_in: capauth.Session, regenerations: Callable[[], int]) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY, margin=60) as customer:
        assert customer.token == signed_in.token
        assert customer.ensure_token(margin=86400) != signed_in.token
    assert regenerations() == 1


def test_token_refused_at_the_gateway_is_renewed(
    store: Store, other: Store, expired: str, regenerations: Callable[[], int]
) -> None:
    with store.session(KEY) as customer, other.session(KEY) as second:
        assert customer.token == second.token == expired
        assert customer.gateway("GET", "customer/get").ok
        assert second.gateway("GET", "customer/get").ok
        assert customer.token == second.token != expired
    assert regenerations() == 1


def test_post_is_not_repeated(
    store: Store, expired: str, emulator: Emulator, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.gateway(brand, "points/redeem", {"status": {"success": True, "code": 200}})
    with store.session(KEY) as customer:
        with pytest.raises(capauth.TokenExpiredError) as caught:
            customer.gateway("POST", "points/redeem", body={"points": 5})
        assert caught.value.retryable
        assert customer.gateway("POST", "points/redeem", body={"points": 5}).ok
    assert regenerations() == 1
    emulator.advance(3600)
    with store.session(KEY) as customer:
        assert customer.gateway("POST", "points/redeem", body={}, repeatable=True).ok


def test_token_that_expires_before_it_is_sent_is_renewed(
    store: Store,
    expired: str,
    client: capauth.Client,
    mobile: str,
    monkeypatch: pytest.MonkeyPatch,
    regenerations: Callable[[], int],
) -> None:
    def not_yet(*_arguments: object) -> Steps[bool]:
        monkeypatch.undo()
        yield lambda: client.session(brand="DocDemo", mobile=mobile, device_id="d").generate_token()
        return False

    with store.session(KEY) as customer:
        monkeypatch.setattr(store._work, "_is_stale", not_yet)
        assert customer.gateway("GET", "customer/get").ok
    assert regenerations() == 1


def test_many_workers_cause_one_regeneration(
    redis_server: "RedisServer", emulator: Emulator, expired: str, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=200)

    def work(_number: int) -> str | None:
        with redis_server.connect() as database, emulator.client() as client:
            with SessionStore(database, client).session(KEY) as customer:
                assert customer.gateway("GET", "customer/get").ok
                return customer.token

    tokens = in_threads(16, work)
    assert len(set(tokens)) == 1 and tokens[0] != expired
    assert regenerations() == 1


def test_regenerate_token_joins(
    store: Store,
    other: Store,
    signed_in: capauth.Session,
    emulator: Emulator,
    brand: str,
    regenerations: Callable[[], int],
) -> None:
    store.save(KEY, signed_in)
    emulator.fault(REGENERATE, brand=brand, delayMs=300)

    def work(number: int) -> str | None:
        with (store, other)[number].session(KEY) as customer:
            until(lambda: number == 0 or regenerations() == 1)
            customer.regenerate_token()
            return customer.token

    first, second = in_threads(2, work)
    assert first == second != signed_in.token
    assert regenerations() == 1


# ---- What goes wrong ----


def test_failure_is_shared_and_not_repeated_at_once(
    store: Store, other: Store, expired: str, emulator: Emulator, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, count=9, status=400, body="no")
    for each in (store, other):
        with pytest.raises(capauth.ServiceError, match="token_regenerate"), each.session(KEY) as customer:
            customer.gateway("GET", "customer/get")
    assert regenerations() == 1
    with other.session(KEY) as customer:
        assert customer.signed_in and customer.token == expired


def test_refusal_for_good_signs_out_everywhere(
    store: Store, other: Store, expired: str, emulator: Emulator, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, status=200, body=REFUSAL)
    with other.session(KEY) as second:
        for each in (store, other):
            with pytest.raises(capauth.SignInRequiredError), each.session(KEY) if each is store else second as customer:
                customer.gateway("GET", "customer/get")
    with other.session(KEY) as customer:
        assert not customer.signed_in
        assert customer.next_step == capauth.Step.TOKEN_GENERATE
    assert regenerations() == 1


def test_sign_in_over_several_workers(
    store: Store, other: Store, customer: capauth.Session, emulator: Emulator, brand: str
) -> None:
    changes: list[bool] = []
    store.save(KEY, customer)
    with store.session(KEY) as first:
        first.generate_token()
        first.generate_otp()
    with other.session(KEY) as second:
        second.on_change(lambda changed: changes.append(changed.signed_in))
        with pytest.raises(capauth.InvalidOtpError):
            second.validate_otp("x")
        assert second.otp.wrong_answers == 1
        second.validate_otp(emulator.otp(str(customer.identifier), brand=brand))
        assert second.signed_in and changes[-1]
    with store.session(KEY) as third:
        assert third.gateway("GET", "customer/get").ok
        third.sign_out()
    with other.session(KEY) as fourth:
        assert not fourth.signed_in
        with pytest.raises(capauth.SignInRequiredError):
            fourth.ensure_token()


@pytest.mark.parametrize("timeout", [None, 600])
def test_regeneration_is_shorter_than_the_lock(
    database: redis.Redis,
    emulator: Emulator,
    brand: str,
    expired: str,
    timeout: float | None,
    regenerations: Callable[[], int],
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=4000)
    with emulator.client(timeout=timeout) as client:
        store = SessionStore(database, client, lock_seconds=1)
        with store.session(KEY) as customer:
            begin = time.monotonic()
            with pytest.raises(capauth.DeadlineError):
                customer.regenerate_token(timeout=timeout)
            assert 0.5 < time.monotonic() - begin < 1
            assert database.hget(store.name(KEY), "holder") is None
    assert regenerations() == 1


def test_regeneration_does_not_go_on_after_the_lock(
    database: redis.Redis, emulator: Emulator, brand: str, expired: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, count=9, status=503, body="", headers={"Retry-After": "1"})
    with emulator.client() as client:
        with SessionStore(database, client, lock_seconds=1).session(KEY) as customer:
            with pytest.raises(capauth.DeadlineError):
                customer.regenerate_token()
        end = time.monotonic() + 1
        while time.monotonic() < end:
            client.poll(0.1)
    assert regenerations() == 1


HOLDER = """
import os, sys, redis, capauth
from capauth.redis import SessionStore
client = capauth.Client(base_url=sys.argv[2], ca_file=sys.argv[3])
with SessionStore(redis.Redis.from_url(sys.argv[1]), client, lock_seconds=2).session(sys.argv[4]) as customer:
    customer.gateway("GET", "customer/get")
"""


def test_dead_holder_blocks_no_longer_than_the_lock(
    redis_server: "RedisServer",
    other: Store,
    expired: str,
    emulator: Emulator,
    brand: str,
    regenerations: Callable[[], int],
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=500)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, redis_server.url, emulator.url, emulator.ca_file, KEY], cwd="/"
    )
    until(lambda: regenerations() == 1)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    begin = time.monotonic()
    with other.session(KEY) as customer:
        assert customer.gateway("GET", "customer/get").ok
        assert customer.token != expired
    assert 0.5 < time.monotonic() - begin < 2.5
    assert regenerations() == 2


def test_waiting_for_others_has_an_end(store: Store, other: Store, expired: str) -> None:
    with other.session(KEY) as holder, store.session(KEY) as customer:
        drive(other._work._lock(holder, None, 0))
        begin = time.monotonic()
        with pytest.raises(capauth.DeadlineError, match="others"):
            customer.regenerate_token(timeout=0.1)
        assert time.monotonic() - begin < 1


# ---- Fences ----


def test_holder_of_an_expired_lock_overwrites_nothing(
    store: Store, other: Store, database: redis.Redis, signed_in: capauth.Session, regenerations: Callable[[], int]
) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY) as late, other.session(KEY) as customer:
        lock = drive(store._work._lock(late, None, 0))
        assert lock
        expire_lock(database, store)
        customer.regenerate_token()
        assert not drive(store._work._unlock(late, lock, signed_in.export(), ""))
        assert late.token == customer.token != signed_in.token  # it has what is stored
    with other.session(KEY) as customer:
        assert customer.token == late.token


def test_late_letting_go_leaves_the_next_lock_alone(
    store: Store, other: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY) as late, other.session(KEY) as customer:
        first = drive(store._work._lock(late, None, 0))
        expire_lock(database, store)
        second = drive(other._work._lock(customer, None, 0))
        assert first and second and int(second.fence) > int(first.fence)
        drive(store._work._unlock(late, first, "", ""))
        assert database.hget(store.name(KEY), "holder") == second.holder.encode()


def test_session_saved_again_overwrites_nothing_newer(
    store: Store, other: Store, client: capauth.Client, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    store.save(KEY, signed_in)
    with other.session(KEY) as customer:
        customer.regenerate_token()
        other.save(KEY, customer)
        with pytest.raises(StaleError):
            store.save(KEY, signed_in)
        other.delete(KEY)
        with pytest.raises(StaleError):
            other.save(KEY, customer)
    fresh = client.restore(signed_in.export())
    store.save(KEY, fresh)  # as after a new sign-in
    with other.session(KEY) as customer:
        assert customer.token == signed_in.token


def test_new_sign_in_wins_over_a_regeneration_in_flight(
    store: Store,
    other: Store,
    client: capauth.Client,
    expired: str,
    signed_in: capauth.Session,
    emulator: Emulator,
    brand: str,
    regenerations: Callable[[], int],
    sign_in: Callable[[capauth.Session], capauth.Session],
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=1000)
    fresh = sign_in(client.session(brand=brand, mobile=str(signed_in.identifier), device_id="device-1"))

    def work(number: int) -> str | None:
        if number:
            until(lambda: regenerations() == 1)
            store.save(KEY, fresh)
            return fresh.token
        with other.session(KEY) as customer:
            customer.gateway("GET", "customer/get")
            return customer.token

    assert set(in_threads(2, work)) == {fresh.token}
    with store.session(KEY) as customer:
        assert customer.token == fresh.token


def test_deleted_customer_is_not_brought_back(
    store: Store,
    other: Store,
    database: redis.Redis,
    expired: str,
    emulator: Emulator,
    brand: str,
    regenerations: Callable[[], int],
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=300)

    def work(number: int) -> None:
        if number:
            until(lambda: regenerations() == 1)
            store.delete(KEY)
            return
        with other.session(KEY) as customer:
            customer.gateway("GET", "customer/get")

    failure, _ = in_threads(2, work)
    assert isinstance(failure, KeyError)
    assert not database.exists(store.name(KEY))


# ---- Redis goes away ----


def test_redis_restarts_during_a_regeneration(
    redis_server: "RedisServer",
    store: Store,
    other: Store,
    expired: str,
    emulator: Emulator,
    brand: str,
    regenerations: Callable[[], int],
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=700)

    def work(number: int) -> str | None:
        if number == 2:
            until(lambda: regenerations() == 1)
            redis_server.restart()
            return None
        with (store, other)[number].session(KEY) as customer:
            assert customer.gateway("GET", "customer/get").ok
            return customer.token

    first, second, _ = in_threads(3, work)
    assert first == second != expired
    assert regenerations() == 1


def test_redis_that_stays_away_is_an_error_of_redis(redis_server: "RedisServer", client: capauth.Client) -> None:
    with redis_server.connect() as database:
        store = SessionStore(database, client, lock_seconds=0.2)
        redis_server.stop()
        try:
            with pytest.raises(redis.ConnectionError) as caught, store.session(KEY):
                pass
        finally:
            redis_server.start()
        assert KEY not in str(caught.value)


def test_redis_that_forgot_gives_higher_fences(
    redis_server: "RedisServer", store: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    fence = int(database.hget(store.name(KEY), "fence") or 0)
    with store.session(KEY) as customer:
        redis_server.forget()
        with pytest.raises(KeyError, match="deleted"):
            customer.regenerate_token()
    with pytest.raises(StaleError):
        store.save(KEY, signed_in)
    store.save("again", signed_in)
    assert int(database.hget(store.name("again"), "fence") or 0) > fence


def test_asking_twice_does_no_harm(store: Store, database: redis.Redis, signed_in: capauth.Session) -> None:
    """An answer of Redis's is lost, and the question is asked again."""
    work = store._work
    arguments = [signed_in.export(), "", "", "id"]
    fence = work._put_script([store.name(KEY)], arguments)
    assert work._put_script([store.name(KEY)], arguments) == fence
    with store.session(KEY) as customer:
        locks = [work._lock_script([customer._name], ["holder", "", 9000]) for _ in range(2)]
        assert [answer[0] for answer in locks] == [b"locked"] * 2
        for _ in range(2):
            answer = work._unlock_script([customer._name], ["holder", locks[1][1], json.dumps({"v": 1}), ""])
            assert answer == [b"stored", locks[1][1], b'{"v": 1}']


# ---- asyncio ----


def in_loop(
    redis_server: "RedisServer", emulator: Emulator, work: Callable[[SessionStore[capauth.aio.Client]], Any]
) -> Any:
    async def main() -> Any:
        async with (
            capauth.aio.Client(**emulator.options()) as client,
            redis.asyncio.Redis(port=redis_server.port, retry=Retry(NoBackoff(), 0)) as database,
        ):
            return await work(SessionStore(database, client))

    return asyncio.run(main())


def test_async_customer_is_kept_and_renewed_once(
    redis_server: "RedisServer", emulator: Emulator, expired: str, regenerations: Callable[[], int]
) -> None:
    async def work(store: SessionStore[capauth.aio.Client]) -> None:
        async def one() -> str | None:
            async with store.session(KEY) as customer:
                assert (await customer.gateway("GET", "customer/get")).ok
                assert await customer.ensure_token() == customer.token
                return customer.token

        tokens = await asyncio.gather(*(one() for _ in range(30)))
        assert len(set(tokens)) == 1 and tokens[0] != expired
        async with store.session(KEY) as customer:
            await store.save("other", customer, ttl=60)
            await store.delete(KEY)
            with pytest.raises(KeyError):
                await customer.regenerate_token()
        async with store.session("other") as customer:
            assert repr(customer).startswith("<capauth.redis.")
            assert customer.token == tokens[0]

    in_loop(redis_server, emulator, work)
    assert regenerations() == 1


def test_async_sign_in(
    redis_server: "RedisServer", database: redis.Redis, emulator: Emulator, brand: str, mobile: str
) -> None:
    async def work(store: SessionStore[capauth.aio.Client]) -> None:
        await store.save(KEY, store._work._client.session(brand=brand, mobile=mobile, device_id="device-1"))
        async with store.session(KEY) as customer:
            await customer.generate_token()
            await customer.generate_otp()
        async with store.session(KEY) as customer:
            with pytest.raises(capauth.InvalidOtpError):
                await customer.validate_otp("x")
            await customer.validate_otp(emulator.otp(mobile, brand=brand))
            assert customer.signed_in

    in_loop(redis_server, emulator, work)


def test_async_cancelled_waiter_leaves_the_regeneration_alone(
    redis_server: "RedisServer", emulator: Emulator, expired: str, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=300)

    async def work(store: SessionStore[capauth.aio.Client]) -> None:
        async with store.session(KEY) as customer:
            task = asyncio.create_task(customer.regenerate_token())
            while not await asyncio.to_thread(regenerations):
                pass
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with store.session(KEY) as customer:
            await customer.regenerate_token()
            assert customer.token != expired

    in_loop(redis_server, emulator, work)
    assert regenerations() == 1


def test_async_redis_restart_and_failure(
    redis_server: "RedisServer", emulator: Emulator, expired: str, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, status=200, body=REFUSAL)

    async def work(store: SessionStore[capauth.aio.Client]) -> None:
        async with store.session(KEY) as customer, store.session(KEY) as second:
            restart = asyncio.create_task(asyncio.to_thread(redis_server.restart))
            for each in (customer, second):
                with pytest.raises(capauth.SignInRequiredError):
                    await each.gateway("GET", "customer/get")
            await restart
        async with store.session(KEY) as customer:
            assert not customer.signed_in

    in_loop(redis_server, emulator, work)
    assert regenerations() == 1


def test_writes_are_whole(redis_server: "RedisServer", store: Store, signed_in: capauth.Session) -> None:
    """The fleet test relies on reading the history of what was stored."""
    store.save("history", signed_in)
    with store.session("history") as customer:
        customer.regenerate_token()
    name = store.name("history").encode()
    texts = [write for write in redis_server.writes() if write[:2] == [b"HSET", name] and b"text" in write]
    assert len(texts) == 2
