"""capauth.redis on other Redis than a single one that is all ours: a cluster, a primary that changes, few rights, few
connections, another library."""

import asyncio
import contextlib
import pathlib
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import redis.asyncio
import redis.sentinel
from redis_fleets import ThreeNodes, Watched
from redis_server import RedisServer
from support import KEY, REGENERATE, Store, in_loop, in_threads
from waiting import until

import capauth
import capauth.aio
from capauth.redis import SessionStore
from capauth.testing import Emulator

NEEDS_REDIS = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")


# ---- A cluster ----


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[ThreeNodes]":

    nodes = ThreeNodes(tmp_path_factory.mktemp("cluster"))
    yield nodes
    nodes.stop()


@pytest.fixture
def cluster_store(cluster: ThreeNodes, client: capauth.Client) -> Iterator[Store]:
    with redis.RedisCluster(host="127.0.0.1", port=cluster.nodes[0].port) as database:
        yield SessionStore(database, client)


@NEEDS_REDIS
def test_cluster_keeps_customers_on_all_nodes(
    cluster: ThreeNodes, cluster_store: Store, signed_in: capauth.Session, regenerations: Callable[[], int]
) -> None:
    keys = [f"customer-{number}" for number in range(12)]
    for key in keys:
        cluster_store.save(key, signed_in, ttl=600)
    assert len({cluster.owner(cluster_store.name(key))[0].port for key in keys}) == 3
    for count, key in enumerate(keys, 1):
        with cluster_store.session(key) as customer:
            customer.regenerate_token()
            regenerated = customer.token
        with cluster_store.session(key) as customer:
            assert customer.token == regenerated and customer.gateway("GET", "customer/get").ok
        assert regenerations() == count
    cluster_store.delete(*keys)
    assert not any(cluster_store.exists(key) for key in keys)


@NEEDS_REDIS
def test_cluster_in_asyncio(
    cluster: ThreeNodes, emulator: Emulator, cluster_store: Store, expired: str, signed_in: capauth.Session,
    regenerations: Callable[[], int],
) -> None:
    keys = [f"customer-{number}" for number in range(6)]
    for key in keys:
        cluster_store.save(key, signed_in)

    async def main() -> None:
        async with (
            capauth.aio.Client(**emulator.options()) as client,
            redis.asyncio.RedisCluster(host="127.0.0.1", port=cluster.nodes[0].port) as database,
        ):
            store = SessionStore(database, client)

            async def use(key: str) -> None:
                async with store.session(key) as customer:
                    assert (await customer.gateway("GET", "customer/get")).ok
                    await store.save(key, customer)

            await asyncio.gather(*(use(key) for key in keys))
            await store.delete(*keys)
            assert not await store.exists(keys[0])

    asyncio.run(main())
    assert regenerations() == 6


@NEEDS_REDIS
def test_cluster_moves_a_slot_that_is_in_use(
    cluster: ThreeNodes, cluster_store: Store, signed_in: capauth.Session, regenerations: Callable[[], int]
) -> None:
    cluster_store.save(KEY, signed_in)
    moved, regenerated = threading.Event(), [0]

    def use() -> None:
        while not moved.is_set():
            with cluster_store.session(KEY) as customer:
                customer.regenerate_token()
                regenerated[0] += 1

    def is_used_again(times: int) -> None:
        wanted = regenerated[0] + times
        until(lambda: regenerated[0] > wanted)

    def move(number: int) -> None:
        if number == 0:
            return use()
        try:
            for times in range(1, 4):
                cluster.move(cluster_store.name(KEY))
                is_used_again(times)
        finally:
            moved.set()

    assert in_threads(2, move) == [None, None]
    assert regenerations() == regenerated[0]
    with cluster_store.session(KEY) as customer:
        assert customer.gateway("GET", "customer/get").ok


def test_mixtures_are_refused(client: capauth.Client, emulator: Emulator) -> None:
    class Imitation:
        def execute_command(self) -> None: ...

    awaited = [redis.asyncio.Redis(), redis.asyncio.RedisCluster(host="127.0.0.1", port=1)]
    for database in awaited:
        with pytest.raises(TypeError, match="must both block or both be awaited"):
            SessionStore(database, client)  # type: ignore[call-overload]
    with contextlib.closing(capauth.aio.Client(**emulator.options())) as asynchronous:
        with pytest.raises(TypeError, match="must both block or both be awaited"):
            SessionStore(redis.Redis(), asynchronous)  # type: ignore[call-overload]
        for database in awaited:
            SessionStore(database, asynchronous)  # type: ignore[call-overload]
    for wrong in (Imitation(), "redis://127.0.0.1", None):
        with pytest.raises(TypeError, match="redis must be"):
            SessionStore(wrong, client)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="client must be"):
        SessionStore(redis.Redis(), "client")  # type: ignore[call-overload]


def test_valkey_is_taken_as_redis_is(
    redis_server: RedisServer, client: capauth.Client, store: Store, expired: str, emulator: Emulator
) -> None:
    valkey = pytest.importorskip("valkey")
    with valkey.Valkey(port=redis_server.port) as database, SessionStore(database, client).session(KEY) as customer:
        assert customer.gateway("GET", "customer/get").ok
        regenerated = customer.token

    async def main() -> None:
        async with (
            capauth.aio.Client(**emulator.options()) as client,
            valkey.asyncio.Valkey(port=redis_server.port) as database,
            SessionStore(database, client).session(KEY) as customer,
        ):
            assert customer.token == regenerated
            await customer.regenerate_token()

    asyncio.run(main())


# ---- A primary that changes ----


@pytest.fixture
def watched(tmp_path: pathlib.Path) -> "Iterator[Watched]":

    servers = Watched(tmp_path)
    yield servers
    servers.stop()


@NEEDS_REDIS
def test_sentinel_names_another_primary(
    watched: Watched, client: capauth.Client, signed_in: capauth.Session, emulator: Emulator, brand: str,
    regenerations: Callable[[], int],
) -> None:
    sentinel = redis.sentinel.Sentinel([("127.0.0.1", watched.sentinel.port)])
    database: Any = sentinel.master_for(watched.NAME, socket_timeout=1)
    store = SessionStore(database, client, lock_seconds=20)
    store.save(KEY, signed_in)
    with store.session(KEY) as customer:
        customer.regenerate_token()
        regenerated = customer.token
        watched.replicated()
        watched.primary.stop()
        customer.regenerate_token()
        assert customer.token != regenerated
    with store.session(KEY) as again:
        assert again.token == customer.token and again.gateway("GET", "customer/get").ok
    assert regenerations() == 2
    with watched.replica.connect() as new:
        assert new.info("replication")["role"] == "master"
    database.close()


# ---- Few rights ----

COMMANDS = ["+hmget", "+evalsha", "+script|load", "+del", "+time", "+hset", "+hdel", "+pexpire", "+persist"]
SMALLEST = ["~capauth:*", *COMMANDS]


@pytest.fixture
def user(redis_server: RedisServer, database: redis.Redis, client: capauth.Client) -> Iterator[Callable[..., Store]]:
    """Makes stores of a user with these rights."""
    opened: list[redis.Redis] = []

    def made(*rights: str) -> Store:
        database.execute_command("ACL", "SETUSER", "worker", "reset", "on", ">secret", *rights)
        database.script_flush()
        opened.append(redis.Redis(port=redis_server.port, username="worker", password="secret"))
        return SessionStore(opened[-1], client)

    yield made
    for connection in opened:
        connection.close()
    database.execute_command("ACL", "DELUSER", "worker")


def test_smallest_rights_that_work(
    user: Callable[..., Store], database: redis.Redis, client: capauth.Client, signed_in: capauth.Session
) -> None:
    store = user(*SMALLEST)
    store.save(KEY, signed_in, ttl=600)
    with store.session(KEY) as customer:
        customer.regenerate_token()
        customer.sign_out()
    store.touch(KEY, ttl=float("inf"))
    assert store.exists(KEY)
    store.delete(KEY)
    store.save(KEY, client.restore(signed_in.export()))
    assert database.ttl(store.name(KEY)) == -1


@pytest.mark.parametrize("right", [right for right in SMALLEST if right.startswith("+")])
def test_every_one_of_these_rights_is_needed(
    user: Callable[..., Store], database: redis.Redis, signed_in: capauth.Session, right: str
) -> None:
    store = user(*SMALLEST, right.replace("+", "-"))
    with pytest.raises(redis.RedisError, match="(?i)permission|can't run"):
        store.save(KEY, signed_in, ttl=600)
        with store.session(KEY), store.session(KEY) as customer:
            customer.regenerate_token()
        store.touch(KEY, ttl=float("inf"))
        store.delete(KEY)


def test_without_the_right_to_expire_nothing_is_stored(
    user: Callable[..., Store], database: redis.Redis, signed_in: capauth.Session
) -> None:
    store = user(*SMALLEST, "-pexpire")
    with pytest.raises(redis.RedisError):
        store.save(KEY, signed_in, ttl=600)
    assert database.keys() == []
    store.save(KEY, signed_in)  # which does not expire
    assert store.exists(KEY)


# ---- Few connections ----


@pytest.mark.parametrize("pool", [redis.ConnectionPool, redis.BlockingConnectionPool])
def test_few_connections_are_no_outage(
    redis_server: RedisServer, emulator: Emulator, store: Store, expired: str, pool: Any,
    regenerations: Callable[[], int],
) -> None:
    with emulator.client() as client, redis.Redis(
        connection_pool=pool(port=redis_server.port, max_connections=2)
    ) as database:
        shared = SessionStore(database, client, lock_seconds=0.5)

        def work(_number: int) -> str | None:
            with shared.session(KEY) as customer:
                assert customer.gateway("GET", "customer/get").ok
                return customer.token

        assert len(set(in_threads(20, work))) == 1
    assert regenerations() == 1


def test_pool_that_others_keep_busy_is_waited_for(
    redis_server: RedisServer, emulator: Emulator, store: Store, signed_in: capauth.Session
) -> None:
    store.save(KEY, signed_in)

    async def main() -> None:
        pool = redis.asyncio.ConnectionPool(port=redis_server.port, max_connections=1)
        async with (
            capauth.aio.Client(**emulator.options()) as client,
            redis.asyncio.Redis(connection_pool=pool) as database,
        ):
            shared = SessionStore(database, client, lock_seconds=0.1)
            taken = await pool.get_connection()

            async def give_back() -> None:
                await asyncio.sleep(0.5)  # longer than an outage may last
                await pool.release(taken)

            giving = asyncio.create_task(give_back())
            async with shared.session(KEY) as customer:
                assert giving.done() and customer.token == signed_in.token
            taken = await pool.get_connection()
            with pytest.raises(capauth.DeadlineError):
                async with shared.session(KEY, timeout=0.3):
                    pass
            await pool.release(taken)

    asyncio.run(main())


# ---- A herd in one process ----


def scripts(database: redis.Redis) -> int:
    return int(database.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"])


def test_one_of_a_process_waits_for_all_its_threads(
    store: Store, database: redis.Redis, expired: str, emulator: Emulator, brand: str,
    regenerations: Callable[[], int],
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=1000)
    with store.session(KEY):
        pass
    before = scripts(database)

    def work(_number: int) -> str | None:
        with store.session(KEY) as customer:
            customer.regenerate_token()
            return customer.token

    assert len(set(in_threads(20, work))) == 1
    assert scripts(database) - before == 2  # lock and unlock
    assert regenerations() == 1


def test_one_of_a_process_waits_for_all_its_tasks(
    redis_server: RedisServer, store: Store, other: Store, database: redis.Redis, expired: str, emulator: Emulator,
    brand: str, regenerations: Callable[[], int],
) -> None:
    emulator.fault(REGENERATE, brand=brand, delayMs=500)

    async def work(shared: SessionStore[capauth.aio.Client]) -> None:
        async def one() -> str | None:
            async with shared.session(KEY) as customer:
                await customer.regenerate_token()
                return customer.token

        database.config_resetstat()
        assert len(set(await asyncio.gather(*(one() for _ in range(500))))) == 1

    in_loop(redis_server, emulator, work)
    calls = {name: details["calls"] for name, details in database.info("commandstats").items()}
    assert calls["cmdstat_evalsha"] == 3  # the first read, lock and unlock
    assert regenerations() == 1
