"""capauth.redis: clocks. Age is measured by Redis's, which all workers share; a worker's own may be wrong, and Redis's
may go back when another server takes over."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from redis_server import RedisServer
from support import KEY, REGENERATE, Store, age, in_threads, take_lock

import capauth
from capauth._redis_flight import drive
from capauth._redis_scripts import LOCK, State
from capauth._redis_work import Lock
from capauth.redis import SessionStore
from capauth.testing import Emulator

HOUR_US = 3600 * 1_000_000


def scripts(database: redis.Redis) -> int:
    """How many Redis has run."""
    return int(database.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"])


@pytest.mark.parametrize("offset", [1200, -1200, 870])
def test_worker_with_a_wrong_clock_is_like_any_other(
    redis_server: RedisServer,
    emulator: Emulator,
    store: Store,
    signed_in: capauth.Session,
    regenerations: Callable[[], int],
    offset: float,
) -> None:
    store.save(KEY, signed_in)
    with emulator.client(clock_offset=offset) as client, redis_server.connect() as database:
        with SessionStore(database, client).session(KEY):
            pass  # now Redis knows the script
        wrong = SessionStore(database, client)
        before = scripts(database)
        for _ in range(5):
            with wrong.session(KEY) as customer:
                assert customer.token == signed_in.token
                assert customer.gateway("GET", "customer/get").ok
        assert scripts(database) - before == 1  # which told what time it is
    assert regenerations() == 0


def test_use_of_a_valid_token_is_one_read(
    store: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY):
        pass
    database.config_resetstat()
    for _ in range(10):
        with store.session(KEY) as customer:
            assert customer.gateway("GET", "customer/get").ok
    seen = {name: details["calls"] for name, details in database.info("commandstats").items()}
    assert seen["cmdstat_hmget"] == 10
    assert not {"cmdstat_evalsha", "cmdstat_time", "cmdstat_eval"} & set(seen)


def test_margin_beyond_the_token_s_life_regenerates_once(
    redis_server: RedisServer, emulator: Emulator, client: capauth.Client, brand: str, mobile: str,
    sign_in: Callable[[capauth.Session], capauth.Session], database: redis.Redis, regenerations: Callable[[], int],
) -> None:
    emulator.brand(brand, TOKEN_EXPIRY_IN_MINUTES=1)
    saver = SessionStore(database, client)
    saver.save(KEY, sign_in(client.session(brand=brand, mobile=mobile, device_id="device-1")))
    age(database, saver, left=10, life=60)

    def work(_number: int) -> str | None:
        with (
            redis_server.connect() as database,
            emulator.client(refresh_margin=90) as client,
            SessionStore(database, client).session(KEY) as customer,
        ):
            return customer.token

    assert len(set(in_threads(30, work))) == 1
    assert regenerations() == 1


def test_who_waited_takes_a_newer_token_that_has_not_expired(
    store: Store, other: Store, database: redis.Redis, signed_in: capauth.Session, regenerations: Callable[[], int]
) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        with other.session(KEY) as second:
            second.regenerate_token()
        age(database, store, left=5)  # less than any margin, but a token
        customer.regenerate_token()
        assert customer.token == second.token
    assert regenerations() == 1


def test_newer_token_that_has_expired_is_not_taken(
    store: Store, other: Store, database: redis.Redis, signed_in: capauth.Session, regenerations: Callable[[], int]
) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        with other.session(KEY) as second:
            second.regenerate_token()
        age(database, store, left=-5)
        customer.regenerate_token()
        assert customer.token not in (signed_in.token, second.token)
    assert regenerations() == 2


def shift(database: redis.Redis, store: Store, *fields: str) -> None:
    """As when Redis's clock goes back by an hour."""
    for field in fields:
        database.hincrby(store.name(KEY), field, HOUR_US)


def test_dead_lock_does_not_outlast_a_clock_that_goes_back(
    store: Store, other: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    take_lock(other)
    shift(database, store, "until", "last")
    with store.session(KEY) as customer:
        before = customer.token
        customer.regenerate_token(timeout=8)  # less than a lock lasts
        assert customer.token != before


def test_noted_failure_does_not_outlast_a_clock_that_goes_back(
    store: Store, other: Store, database: redis.Redis, expired: str, emulator: Emulator, brand: str
) -> None:
    emulator.fault(REGENERATE, brand=brand, status=400, body="no")
    with store.session(KEY) as customer, pytest.raises(capauth.ServiceError):
        customer.regenerate_token()
    shift(database, store, "failed", "last")
    with other.session(KEY) as customer:
        customer.regenerate_token()
        assert customer.token != expired


def test_age_does_not_grow_negative_when_the_clock_goes_back() -> None:
    state = State("1", "text", stored=2 * HOUR_US, expires=2 * HOUR_US + 900_000_000)
    assert state.left(now=HOUR_US) == 900
    assert state.left(now=2 * HOUR_US + 100_000_000) == 800
    assert State("1", "text").left(now=HOUR_US) is None


def test_fences_go_on_when_the_clock_goes_back(
    store: Store, other: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    shift(database, store, "last", "fence")
    fences = [int(database.hget(store.name(KEY), "fence") or 0)]
    for each in (store, other):
        with each.session(KEY) as customer:
            customer.regenerate_token()
        fences.append(int(database.hget(store.name(KEY), "fence") or 0))
    assert fences == sorted(set(fences))


def test_late_answer_gives_no_lock_that_is_nearly_over(
    store: Store, signed_in: capauth.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(KEY, signed_in)
    database = store._work._database
    script = database.script
    asked: list[Any] = []

    def late(of: Any, name: str, *arguments: Any, before: Callable[[], object] = lambda: None, **options: Any) -> Any:
        def long_ago() -> None:
            before()
            if of is LOCK and not asked:
                monkeypatch.setattr(time, "monotonic", lambda passed=time.monotonic: passed() + 6)
            asked.append(of)

        return script(of, name, *arguments, before=long_ago, **options)

    monkeypatch.setattr(database, "script", late)
    lock = drive(store._work._lock(store.name(KEY), "", time.monotonic() + 60))
    assert isinstance(lock, Lock)
    assert len(asked) == 2
