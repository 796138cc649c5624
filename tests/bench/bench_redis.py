#!/usr/bin/env python3
"""What capauth.redis costs: uses of a valid token, waiting for a regeneration, and a herd in one process.

    make bench-redis

Starts a Redis and an emulator of its own. Figures are the middle of several runs.
"""

import asyncio
import contextlib
import pathlib
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bindings/python/tests/session_store"))

import redis
import redis.asyncio
from redis_server import RedisServer

import capauth
import capauth.aio
from capauth.redis import SessionStore
from capauth.testing import Emulator

BRAND, KEY = "Bench", "customer"
REGENERATE = "/auth/v1/token/regenerate"
RUNS = 5
USES = 2000
WAITERS = 30
WAIT_SECONDS = 2
TASKS = 2000


@contextlib.contextmanager
def scene() -> Iterator[tuple[RedisServer, Emulator, capauth.Session]]:
    with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
        server = RedisServer(pathlib.Path(folder))
        try:
            emulator.brand(BRAND)
            with emulator.client() as client, server.connect() as database:
                customer = client.session(brand=BRAND, mobile="919999999993", device_id="device-1")
                customer.generate_token()
                customer.generate_otp()
                customer.validate_otp(emulator.otp("919999999993", brand=BRAND))
                SessionStore(database, client).save(KEY, customer)
                yield server, emulator, customer
        finally:
            server.stop()


def scripts(server: RedisServer) -> int:
    with server.connect() as database:
        return int(database.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"])


def say(what: str, figures: list[float], unit: str) -> None:
    print(f"{what:58} {statistics.median(figures):10.2f} {unit}", flush=True)


def uses(server: RedisServer, emulator: Emulator) -> None:
    figures = []
    with emulator.client() as client, server.connect() as database:
        store = SessionStore(database, client)
        for _ in range(RUNS):
            begin = time.monotonic()
            for _ in range(USES):
                with store.session(KEY) as customer:
                    customer.ensure_token()
            figures.append(USES / (time.monotonic() - begin))
    say("uses of a valid token, one thread", figures, "a second")


def in_loop(
    server: RedisServer, emulator: Emulator, work: Callable[[SessionStore[capauth.aio.Client]], Awaitable[None]]
) -> None:
    async def main() -> None:
        async with (
            capauth.aio.Client(**emulator.options()) as client,
            redis.asyncio.Redis(port=server.port) as database,
        ):
            await work(SessionStore(database, client))

    asyncio.run(main())


def uses_in_loop(server: RedisServer, emulator: Emulator) -> None:
    figures = []

    async def work(store: SessionStore[capauth.aio.Client]) -> None:
        async def some() -> None:
            for _ in range(USES // 16):
                async with store.session(KEY) as customer:
                    await customer.ensure_token()

        for _ in range(RUNS):
            begin = time.monotonic()
            await asyncio.gather(*(some() for _ in range(16)))
            figures.append(USES / (time.monotonic() - begin))

    in_loop(server, emulator, work)
    say("uses of a valid token, 16 tasks of a loop", figures, "a second")


def waiting(server: RedisServer, emulator: Emulator) -> None:
    """Workers of their own, which all want the same customer's new token."""
    emulator.fault(REGENERATE, brand=BRAND, delayMs=WAIT_SECONDS * 1000)
    gathered = threading.Barrier(WAITERS)

    def worker() -> None:
        with (
            emulator.client() as client,
            server.connect() as database,
            SessionStore(database, client).session(KEY) as customer,
        ):
            gathered.wait()
            customer.regenerate_token()

    before = scripts(server)
    threads = [threading.Thread(target=worker) for _ in range(WAITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say("scripts of a waiting worker", [(scripts(server) - before) / WAITERS / WAIT_SECONDS], "a second")


def herd(server: RedisServer, emulator: Emulator, text: str) -> None:
    """A process whose tasks all come at once, when the token has expired."""
    shared, plain, asked = [], [], []

    async def of_store(store: SessionStore[capauth.aio.Client]) -> None:
        async def one() -> None:
            async with store.session(KEY) as customer:
                await customer.regenerate_token()

        for _ in range(RUNS):
            before, begin = scripts(server), time.process_time()
            await asyncio.gather(*(one() for _ in range(TASKS)))
            shared.append(time.process_time() - begin)
            asked.append((scripts(server) - before) / TASKS)

    async def of_sessions() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            session = client.restore(text)
            for _ in range(RUNS):
                begin = time.process_time()
                await asyncio.gather(*(session.regenerate_token() for _ in range(TASKS)))
                plain.append(time.process_time() - begin)

    in_loop(server, emulator, of_store)
    asyncio.run(of_sessions())
    say(f"{TASKS} tasks want a new token: CPU of the loop", shared, "s")
    say("  the same of one plain session", plain, "s")
    say("  scripts of a task", asked, "")


def herd_with_calls(server: RedisServer, emulator: Emulator, text: str) -> None:
    shared, plain = [], []

    async def of_store(store: SessionStore[capauth.aio.Client]) -> None:
        async def one() -> None:
            async with store.session(KEY) as customer:
                assert (await customer.gateway("GET", "customer/get")).ok

        for _ in range(RUNS):
            emulator.advance(3600)
            with server.connect() as database:
                database.hset(store.name(KEY), "expires", 1)  # as by Redis's clock, which nobody moves
            begin = time.process_time()
            await asyncio.gather(*(one() for _ in range(TASKS)))
            shared.append(time.process_time() - begin)

    async def of_sessions() -> None:
        async with capauth.aio.Client(**emulator.options()) as client:
            session = client.restore(text)
            for _ in range(RUNS):
                emulator.advance(3600)
                begin = time.process_time()
                await asyncio.gather(*(session.gateway("GET", "customer/get") for _ in range(TASKS)))
                plain.append(time.process_time() - begin)

    in_loop(server, emulator, of_store)
    asyncio.run(of_sessions())
    say(f"{TASKS} tasks call the gateway, token expired: CPU of the loop", shared, "s")
    say("  the same of one plain session", plain, "s")


def main() -> None:
    with scene() as (server, emulator, customer):
        uses(server, emulator)
        uses_in_loop(server, emulator)
        waiting(server, emulator)
        herd(server, emulator, customer.export())
        herd_with_calls(server, emulator, customer.export())


if __name__ == "__main__":
    main()
