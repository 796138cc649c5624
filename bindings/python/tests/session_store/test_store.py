"""capauth.redis: what it promises, each by itself. Beside this file: fences, failures, answers, servers, asyncio, and
with test_fleet.py all of it at once."""

import math
import subprocess
import sys
from collections.abc import Callable

import pytest
import redis
import redis.asyncio
from redis_server import RedisServer
from support import KEY, REGENERATE, Store, age, in_threads
from waiting import until

import capauth
from capauth.redis import SessionStore
from capauth.testing import Emulator

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
    with store.session(KEY) as customer:
        customer.regenerate_token()
    assert 400 < int(database.ttl(store.name(KEY))) <= 500
    store.save("short", signed_in, ttl=0.001)
    until(lambda: not database.exists(store.name("short")))


def test_client_may_decode_responses(
    redis_server: RedisServer, client: capauth.Client, store: Store, expired: str
) -> None:
    with (
        redis.Redis(port=redis_server.port, decode_responses=True) as database,
        SessionStore(database, client).session(KEY) as customer,
    ):
        assert customer.gateway("GET", "customer/get").ok


def test_misuse_is_refused(
    client: capauth.Client, database: redis.Redis, store: Store, signed_in: capauth.Session
) -> None:
    for wrong in (0, math.nan, math.inf, -1, True):
        with pytest.raises(ValueError, match="lock_seconds must be 0.1 to 3600 seconds"):
            SessionStore(database, client, lock_seconds=wrong)
    for prefix in ("a\nb", "{tag}:", "x" * 129):
        with pytest.raises(capauth.InvalidArgumentError, match="prefix"):
            SessionStore(database, client, prefix=prefix)
    with pytest.raises(TypeError, match="prefix"):
        SessionStore(database, client, prefix=b"capauth:")  # type: ignore[call-overload]
    with pytest.raises(capauth.InvalidArgumentError, match="encrypt and decrypt"):
        SessionStore(database, client, encrypt=str.upper)
    with pytest.raises(TypeError, match="key must be str or bytes"):
        store.delete(1)  # type: ignore[arg-type]
    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        with pytest.raises(capauth.UsageError, match="start_regenerate_token"):
            customer.start_regenerate_token()
        with pytest.raises(capauth.UsageError, match="reload"):
            customer.reload(signed_in.export())
        with pytest.raises(capauth.UsageError, match="pause_refresh"):
            customer.pause_refresh(0)
        with pytest.raises(capauth.InvalidArgumentError):
            customer.ensure_token(margin=1e7)
        assert customer.ensure_token() == signed_in.token
        assert customer.start_gateway("GET", "customer/get").result().ok


WITHOUT_LIBRARIES = """
import sys
sys.modules["redis"] = sys.modules["valkey"] = None
try:
    import capauth.redis
except ImportError as error:
    print(error)
"""


def test_missing_redis_py_is_said() -> None:
    said = subprocess.run([sys.executable, "-c", WITHOUT_LIBRARIES], capture_output=True, text=True).stdout
    assert said == "capauth.redis needs redis-py: pip install 'capauth[redis]'\n"


# ---- A valid token, once ----


def test_token_is_regenerated_on_entry_and_stored(
    store: Store, other: Store, expired: str, client: capauth.Client, regenerations: Callable[[], int], mobile: str
) -> None:
    client.session(brand="DocDemo", mobile=mobile, device_id="d").generate_token()  # it learns what time it is
    with store.session(KEY) as customer:
        assert customer.token != expired
        regenerated = customer.token
    with other.session(KEY) as customer:
        assert customer.token == regenerated
    assert regenerations() == 1


def test_margin_counts_up_to_half_of_the_token_s_life(
    store: Store, database: redis.Redis, signed_in: capauth.Session, regenerations: Callable[[], int]
) -> None:
    store.save(KEY, signed_in)
    with store.session(KEY, margin=86400) as customer:
        assert customer.token == signed_in.token
    age(database, store, left=50)
    with store.session(KEY, margin=40) as customer:
        assert customer.token == signed_in.token
        assert customer.ensure_token(margin=60) != signed_in.token
    assert regenerations() == 1


def test_token_refused_at_the_gateway_is_regenerated(
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


def test_token_that_expires_before_it_is_sent_is_regenerated(
    store: Store,
    expired: str,
    client: capauth.Client,
    mobile: str,
    monkeypatch: pytest.MonkeyPatch,
    regenerations: Callable[[], int],
) -> None:
    def not_yet(*_arguments: object) -> bool:
        monkeypatch.undo()
        client.session(brand="DocDemo", mobile=mobile, device_id="d").generate_token()
        return False

    with store.session(KEY) as customer:
        monkeypatch.setattr(store._work, "_lacks", not_yet)
        assert customer.gateway("GET", "customer/get").ok
    assert regenerations() == 1


def test_many_workers_cause_one_regeneration(
    redis_server: RedisServer, emulator: Emulator, expired: str, brand: str, regenerations: Callable[[], int]
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=200)

    def work(_number: int) -> str | None:
        with (
            redis_server.connect() as database,
            emulator.client() as client,
            SessionStore(database, client).session(KEY) as customer,
        ):
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


def test_writes_are_whole(redis_server: RedisServer, store: Store, signed_in: capauth.Session) -> None:
    """The fleet test relies on reading the history of what was stored."""
    store.save("history", signed_in)
    with store.session("history") as customer:
        customer.regenerate_token()
    name = store.name("history").encode()
    texts = [write for write in redis_server.writes() if write[:2] == [b"HSET", name] and b"text" in write]
    assert len(texts) == 2
