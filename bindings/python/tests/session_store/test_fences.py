"""capauth.redis: locks and fences, holders that die or come late, and a Redis that goes away."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import redis
from redis_server import RedisServer
from support import KEY, REGENERATE, Store, expire_lock, in_threads, take_lock
from waiting import until

import capauth
from capauth._redis_failure import Report
from capauth._redis_flight import drive
from capauth._redis_scripts import LOCK, PUT, UNLOCK, Script
from capauth._redis_work import Done
from capauth.redis import SessionStore, StaleError
from capauth.testing import Emulator


@pytest.mark.parametrize("timeout", [None, 600])
def test_regeneration_is_shorter_than_the_lock(
    database: redis.Redis,
    emulator: Emulator,
    brand: str,
    expired: str,
    timeout: float | None,
    regenerations: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=4000)
    given: list[float] = []
    regenerate = capauth.Session.regenerate_token

    def noted(private: capauth.Session, *, timeout: float) -> None:
        given.append(timeout)
        regenerate(private, timeout=timeout)

    monkeypatch.setattr(capauth.Session, "regenerate_token", noted)
    with emulator.client(timeout=timeout) as client:
        store = SessionStore(database, client, lock_seconds=1)
        with store.session(KEY) as customer:
            with pytest.raises(capauth.DeadlineError):
                customer.regenerate_token(timeout=timeout)
            assert database.hget(store.name(KEY), "holder") is None
    assert len(given) == 1 and 0 < given[0] <= 0.75, "what is left of the lock is for storing the outcome"
    assert regenerations() == 1


def test_regeneration_does_not_go_on_after_the_lock(
    database: redis.Redis, emulator: Emulator, brand: str, expired: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, count=9, status=503, body="", headers={"Retry-After": "1"})
    with emulator.client() as client:
        hasty = SessionStore(database, client, lock_seconds=1)
        with hasty.session(KEY) as customer, pytest.raises(capauth.DeadlineError):
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
    redis_server: RedisServer,
    database: redis.Redis,
    other: Store,
    expired: str,
    emulator: Emulator,
    brand: str,
    regenerations: Callable[[], int],
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=5000)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, redis_server.url, emulator.url, emulator.ca_file, KEY], cwd="/"
    )
    until(lambda: regenerations() == 1)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    until_us = int(database.hget(other.name(KEY), "until") or 0)  # when its lock ends, by Redis's clock
    with other.session(KEY) as customer:
        assert customer.gateway("GET", "customer/get", timeout=15).ok
        assert customer.token != expired
    seconds, microseconds = database.time()
    assert until_us and seconds * 10**6 + microseconds >= until_us
    assert regenerations() == 2


def test_waiting_for_others_has_an_end(store: Store, other: Store, expired: str) -> None:
    with store.session(KEY) as customer:
        take_lock(other)  # for longer than that
        with pytest.raises(capauth.DeadlineError, match="other workers held"):
            customer.regenerate_token(timeout=0.1)


# ---- Fences ----


def test_holder_of_an_expired_lock_overwrites_nothing(
    store: Store, other: Store, database: redis.Redis, signed_in: capauth.Session, regenerations: Callable[[], int]
) -> None:
    store.save(KEY, signed_in)
    lock = take_lock(store)
    expire_lock(database, store)
    with other.session(KEY) as customer:
        customer.regenerate_token()
        done = Done()
        drive(store._work._unlock(store.name(KEY), lock, signed_in.export(), 900000, Report(), done))
        assert not done.stored
        assert done.state.text == customer.export() != signed_in.export()  # it has what is stored
    with other.session(KEY) as again:
        assert again.token == customer.token


def test_late_letting_go_leaves_the_next_lock_alone(
    store: Store, other: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    first = take_lock(store)
    expire_lock(database, store)
    second = take_lock(other)
    assert int(second.fence) > int(first.fence)
    drive(store._work._unlock(store.name(KEY), first, "", -1, Report(), Done()))
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
    assert isinstance(failure, KeyError) and "deleted" in str(failure)
    assert not store.exists(KEY)
    assert database.hget(store.name(KEY), "text") is None


# ---- Redis goes away ----


def test_redis_restarts_during_a_regeneration(
    redis_server: RedisServer,
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


def test_redis_that_stays_away_is_an_error_of_redis(redis_server: RedisServer, client: capauth.Client) -> None:
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
    redis_server: RedisServer, store: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    fence = int(database.hget(store.name(KEY), "fence") or 0)
    with store.session(KEY) as customer:
        redis_server.forget()
        with pytest.raises(KeyError, match="has lost its data"):
            customer.regenerate_token()
    with pytest.raises(StaleError):
        store.save(KEY, signed_in)
    store.save("again", signed_in)
    assert int(database.hget(store.name("again"), "fence") or 0) > fence


def test_asking_twice_does_no_harm(store: Store, database: redis.Redis, signed_in: capauth.Session) -> None:
    """An answer of Redis's is lost, and the question is asked again."""
    name = store.name(KEY)

    def run(script: Script, *arguments: object) -> list[bytes]:
        answer: list[bytes] = database.eval(script.source, 1, name, "question", *arguments)  # type: ignore[arg-type]
        return answer

    puts = [run(PUT, "save", signed_in.export(), "", 1000, "", 0) for _ in range(2)]
    assert puts[0][3:5] == puts[1][3:5] and puts[0][3] == b"stored"
    locks = [run(LOCK, "host:1", "holder", "", 9000) for _ in range(2)]
    assert [lock[3] for lock in locks] == [b"locked"] * 2
    for _ in range(2):
        answer = run(UNLOCK, "host:1", "holder", locks[1][4], "new", 1000, "", "", 0)
        assert answer[3:6] == [b"stored", locks[1][4], b"new"]
