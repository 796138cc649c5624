"""What the tests of capauth.redis share beside their fixtures."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis_server import RedisServer

import capauth
import capauth.aio
from capauth._redis_flight import drive
from capauth._redis_work import Lock
from capauth.redis import SessionStore
from capauth.testing import Emulator

REGENERATE = "/auth/v1/token/regenerate"
COUNTED = f"POST {REGENERATE}"
REFUSAL = '{"status":{"success":false,"code":1597,"message":"no"},"auth":null,"identifiers":null,"user":null}'
KEY = "cookie-with-secret"
Store = SessionStore[capauth.Client]


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


def take_lock(store: Store, known: str = "") -> Lock:
    lock = drive(store._work._lock(store.name(KEY), known, time.monotonic() + 5))
    assert isinstance(lock, Lock)
    return lock


def expire_lock(database: redis.Redis, store: Store) -> None:
    database.hset(store.name(KEY), "until", 0)


def age(database: redis.Redis, store: Store, left: float, life: float = 900) -> None:
    """Has the stored token be older, by Redis's clock: it is still valid for `left` seconds."""
    seconds, microseconds = database.time()
    expires = seconds * 1_000_000 + microseconds + round(left * 1e6)
    database.hset(store.name(KEY), mapping={"expires": expires, "stored": expires - round(life * 1e6)})


def in_loop(
    redis_server: RedisServer, emulator: Emulator, work: Callable[[SessionStore[capauth.aio.Client]], Any]
) -> Any:
    async def main() -> Any:
        async with (
            capauth.aio.Client(**emulator.options()) as client,
            redis.asyncio.Redis(port=redis_server.port, retry=Retry(NoBackoff(), 0)) as database,
        ):
            return await work(SessionStore(database, client))

    return asyncio.run(main())
