"""capauth.redis: no single host takes the fleet down. Who hears of a failure, and who does not."""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from redis_server import RedisServer
from support import KEY, REGENERATE, Store, age, in_threads

import capauth
from capauth._redis_scripts import LOCK, UNLOCK
from capauth.redis import SessionStore, StoreEvent
from capauth.testing import Emulator


@pytest.fixture
def worker(redis_server: RedisServer, emulator: Emulator, request: pytest.FixtureRequest) -> Callable[..., Store]:
    """Makes stores of other workers: options of their clients, the rest is the store's."""

    def made(metrics: Callable[[StoreEvent], object] | None = None, lock_seconds: float = 10, **options: Any) -> Store:
        client, database = emulator.client(**options), redis_server.connect()
        request.addfinalizer(client.close)
        request.addfinalizer(database.close)
        return SessionStore(database, client, lock_seconds=lock_seconds, metrics=metrics)

    return made


def test_wrong_ca_file_of_one_host_is_nobody_else_s(
    worker: Callable[..., Store],
    other: Store,
    expired: str,
    emulator: Emulator,
    capauth_emulator: Emulator,
    regenerations: Callable[[], int],
) -> None:
    hosts = [worker(ca_file=capauth_emulator.ca_file) for _ in range(2)]
    for number, broken in enumerate(hosts):
        broken._work._worker = f"host-{number}:1"
    for turn in range(10):
        for broken in hosts:
            with broken.session(KEY) as customer, pytest.raises(capauth.TlsError) as caught:
                customer.regenerate_token()
            assert capauth_emulator.ca_file in str(caught.value)
        with other.session(KEY) as healthy:
            if turn % 5 == 0:
                healthy.regenerate_token()
            assert healthy.gateway("GET", "customer/get").ok
    assert regenerations() == 2


def test_deadline_of_one_host_is_nobody_else_s(
    worker: Callable[..., Store],
    other: Store,
    expired: str,
    emulator: Emulator,
    brand: str,
    regenerations: Callable[[], int],
) -> None:
    broken = worker(timeout=0.05)
    emulator.fault(REGENERATE, brand=brand, delayMs=1000)
    for _ in range(3):  # it holds back by itself
        with broken.session(KEY) as customer, pytest.raises(capauth.DeadlineError):
            customer.regenerate_token()
    assert regenerations() == 1
    with other.session(KEY) as customer:
        customer.regenerate_token()
    with broken.session(KEY) as customer:  # what another brought is taken all the same
        assert customer.token != expired


def test_hurried_caller_tells_nobody_of_its_deadline(
    store: Store,
    other: Store,
    database: redis.Redis,
    expired: str,
    emulator: Emulator,
    brand: str,
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=1000)
    with store.session(KEY) as customer:
        with pytest.raises(capauth.DeadlineError):
            customer.regenerate_token(timeout=0.1)
        assert database.hget(store.name(KEY), "failure") is None
        customer.regenerate_token()  # nor does its process hold back
        assert customer.token != expired


FAILURE = "NETWORK -22 0 1 -1 0 token_regenerate: the connection failed"


@pytest.mark.parametrize(
    ("met_by", "hears", "does_not"),
    [
        (["a:1"], [], ["a:1", "a:2", "b:1"]),
        (["a:1", "a:1"], [], ["a:1", "a:2", "b:1"]),
        (["a:1", "a:2"], ["a:1", "a:3"], ["b:1"]),
        (["a:1", "b:1"], ["a:1", "a:2", "b:1", "c:1"], []),
        (["a:1", "a:2", "b:1"], ["a:1", "b:2", "c:1"], []),
    ],
)
def test_what_workers_met_alone_is_shared_by_witnesses(
    store: Store,
    database: redis.Redis,
    signed_in: capauth.Session,
    met_by: list[str],
    hears: list[str],
    does_not: list[str],
) -> None:
    store.save(KEY, signed_in)
    name = store.name(KEY)
    fence = database.hget(name, "fence") or b""
    for who in met_by:
        database.eval(UNLOCK.source, 1, name, "q", who, "", fence, "", "", FAILURE, "local", 60000)
    for who in hears + does_not:
        answer: Any = database.eval(LOCK.source, 1, name, "q", who, "", fence, 10000)
        assert (answer[3] == b"failed") == (who in hears), who


def test_witnesses_that_are_a_minute_apart_are_none(
    store: Store, database: redis.Redis, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)
    name = store.name(KEY)
    fence = database.hget(name, "fence") or b""
    for who in ("a:1", "b:1"):
        database.eval(UNLOCK.source, 1, name, "q", who, "", fence, "", "", FAILURE, "local", 60000)
        if who == "a:1":
            database.hset(name, "failed", int(database.hget(name, "failed") or 0) - 61_000_000)
    assert database.hget(name, "failed_too") == b""


def test_what_the_service_said_comes_with_status_and_wait(
    store: Store, other: Store, expired: str, emulator: Emulator, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, status=429, body="", headers={"Retry-After": "30"}, count=9)
    seen = []
    for each in (store, other):
        with each.session(KEY) as customer, pytest.raises(capauth.RateLimitedError) as caught:
            customer.regenerate_token(timeout=5)
        seen.append(caught.value)
    first, shared = seen
    assert (shared.code, shared.name, shared.http_status, shared.retryable, shared.operation) == (
        (first.code, first.name, first.http_status, first.retryable, first.operation)
    )
    assert shared.message == first.message
    assert first.retry_after == 30 and shared.retry_after is not None and 20 < shared.retry_after <= 30
    assert regenerations() == 1


def test_service_that_cannot_be_reached_is_tried_by_few(
    redis_server: RedisServer, worker: Callable[..., Store], database: redis.Redis, brand: str, mobile: str
) -> None:
    events: list[StoreEvent] = []
    with Emulator() as gone:
        gone.brand(brand)
        with gone.client() as client:
            customer = client.session(brand=brand, mobile=mobile, device_id="device-1")
            customer.generate_token()
            customer.generate_otp()
            customer.validate_otp(gone.otp(mobile, brand=brand))
            SessionStore(database, client).save(KEY, customer)
        url, ca_file = gone.url, gone.ca_file
        stores = [worker(events.append, base_url=url, ca_file=ca_file, timeout=10, max_retries=0) for _ in range(30)]

    def work(number: int) -> None:
        with stores[number].session(KEY) as customer:
            customer.regenerate_token()

    errors = in_threads(30, work)
    assert {type(error) for error in errors} == {capauth.NetworkError}
    tried = sum(event.kind == "failure" for event in events)
    assert 1 <= tried <= 3, tried
    assert sum(event.kind == "shared_failure" for event in events) == 30 - tried
    assert {event.error for event in events if event.kind != "hit"} <= {"CONNECT", "NETWORK"}


def test_token_that_is_still_valid_is_used_when_the_service_fails(
    store: Store, database: redis.Redis, signed_in: capauth.Session, emulator: Emulator, brand: str
) -> None:
    emulator.fault(REGENERATE, brand=brand, status=503, body="", count=9)
    store.save(KEY, signed_in)
    age(database, store, left=20)
    with store.session(KEY) as customer:
        assert customer.gateway("GET", "customer/get").ok
        with pytest.raises(capauth.ServiceError):
            customer.ensure_token(margin=30)


def test_hook_is_told_what_happened(
    worker: Callable[..., Store], other: Store, expired: str, emulator: Emulator, brand: str
) -> None:
    events: list[StoreEvent] = []
    watched = worker(events.append)
    with watched.session(KEY) as customer:
        customer.regenerate_token()
        with other.session(KEY) as second:
            second.regenerate_token()
        customer.regenerate_token()
        emulator.fault(REGENERATE, brand=brand, status=503, body="no", count=9)
        for _ in range(2):
            with pytest.raises(capauth.ServiceError):
                customer.regenerate_token(timeout=3)
    assert [(event.kind, event.error) for event in events] == [
        ("hit", ""),
        ("regeneration", ""),
        ("wait", ""),
        ("failure", "SERVICE"),
        ("shared_failure", "SERVICE"),
    ]
    assert all(0 <= event.seconds < 30 for event in events)


def test_hook_that_raises_changes_nothing(
    worker: Callable[..., Store], expired: str, unraisable: list[object]
) -> None:
    def fail(_event: StoreEvent) -> None:
        raise ZeroDivisionError

    with worker(fail).session(KEY) as customer:
        assert customer.gateway("GET", "customer/get").ok
    assert unraisable and all(isinstance(error, ZeroDivisionError) for error in unraisable)
