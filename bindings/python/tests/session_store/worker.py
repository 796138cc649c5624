"""Not a test: one worker of the fleet in test_fleet.py.

    worker.py blocking|asyncio JOB

It visits customers in the order that the job says, from where the worker before it was killed: one byte in the
progress file for each that is done. What goes wrong ends it.
"""

import asyncio
import json
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import redis
import redis.asyncio

import capauth
import capauth.aio
from capauth.redis import SessionStore

CONCURRENT = 4


class Job:
    def __init__(self, path: str) -> None:
        job: dict[str, Any] = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        others = ("redis", "store", "progress", "keys", "tolerant")
        self.client = {name: value for name, value in job.items() if name not in others}
        self.tolerant: bool = job.get("tolerant", False)
        self.redis: str = job["redis"]
        self.store: dict[str, Any] = job["store"]
        progress = pathlib.Path(job["progress"])
        self.progress = progress.open("ab", buffering=0)
        self.keys: Iterator[str] = iter(job["keys"][progress.stat().st_size :])

    def done(self) -> None:
        self.progress.write(b".")

    def bear(self, error: Exception) -> None:
        """On a host that is meant to be broken."""
        if not self.tolerant:
            raise error
        self.progress.write(b"x")


def blocking(job: Job) -> None:
    with capauth.Client(**job.client) as client, redis.Redis.from_url(job.redis) as database:
        store = SessionStore(database, client, **job.store)
        for key in job.keys:
            try:
                with store.session(key) as customer:
                    assert customer.gateway("GET", "customer/get").ok
                job.done()
            except capauth.Error as error:
                job.bear(error)


async def concurrent(job: Job) -> None:
    async with capauth.aio.Client(**job.client) as client, redis.asyncio.Redis.from_url(job.redis) as database:
        store = SessionStore(database, client, **job.store)

        async def visit() -> None:
            for key in job.keys:
                try:
                    async with store.session(key) as customer:
                        assert (await customer.gateway("GET", "customer/get")).ok
                    job.done()
                except capauth.Error as error:
                    job.bear(error)

        await asyncio.gather(*(visit() for _ in range(CONCURRENT)))


if __name__ == "__main__":
    if sys.argv[1] == "blocking":
        blocking(Job(sys.argv[2]))
    else:
        asyncio.run(concurrent(Job(sys.argv[2])))
