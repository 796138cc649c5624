"""The tests of capauth.redis, and what they need: redis-py, and the program redis-server."""

import shutil
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("redis")
import redis
from redis_server import RedisServer
from support import COUNTED, KEY, Store

import capauth
from capauth.redis import SessionStore
from capauth.testing import Emulator


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real one; tests may restart it."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """One of this file's own, since its tests move the clock."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def database(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis_server.connect() as database:
        database.flushall()
        yield database


@pytest.fixture
def store(database: redis.Redis, client: capauth.Client) -> Store:
    return SessionStore(database, client)


@pytest.fixture
def other(redis_server: RedisServer, emulator: Emulator) -> Iterator[Store]:
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
