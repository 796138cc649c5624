"""capauth.redis under everything at once: a fleet of processes, in each language that is built, that share customers
and are killed.

CAPAUTH_FLEET_CUSTOMERS and CAPAUTH_FLEET_PROCESSES make it larger.
"""

import asyncio
import base64
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis.asyncio
from redis_server import RedisServer
from worker import CONCURRENT

import capauth.aio
from capauth.redis import SessionStore
from capauth.testing import Emulator

CUSTOMERS = int(os.environ.get("CAPAUTH_FLEET_CUSTOMERS", "200"))
PROCESSES = int(os.environ.get("CAPAUTH_FLEET_PROCESSES", "8"))
VISITORS = 2  # how many processes visit each customer
STORE: dict[str, Any] = {"prefix": "fleet:", "lock_seconds": 3}
BRAND = "Fleet"
OTP = "483920"
WORKER = pathlib.Path(__file__).with_name("worker.py")

BUILD = pathlib.Path(os.environ.get("CAPAUTH_EMULATOR", "build/bin/capauth-emulator")).resolve().parents[1]
LUA = BUILD / "lua"
LUA_PATHS = {
    "LUA_PATH_5_3": f"{LUA}/share/?.lua;{LUA}/share/?/init.lua;;",
    "LUA_CPATH_5_3": f"{LUA}/5.3/?.so;;",
}
JAVA = BUILD / "bindings" / "java"


def workers_of_other_languages() -> dict[str, list[str]]:
    """How to start them, those that are built."""
    others = {}
    lua_can = ["lua5.3", "-e", "require 'capauth.redis'; require 'redis'"]
    environment = {**os.environ, **LUA_PATHS}
    if shutil.which("lua5.3") and not subprocess.run(lua_can, env=environment, capture_output=True).returncode:
        others["lua"] = ["lua5.3", str(WORKER.with_suffix(".lua"))]
    if (JAVA / "test-classes" / "io" / "capauth" / "redis" / "FleetWorker.class").exists():
        path = f"{BUILD}/java/capauth.jar:{JAVA}/test-classes:{JAVA}/test-libraries/*"
        java = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1"]
        others["java"] = [*java, "-cp", path, "io.capauth.redis.FleetWorker"]
    return others


OTHERS = workers_of_other_languages()
KINDS = ["blocking", "asyncio", *OTHERS]


def key_of(number: int) -> str:
    return f"customer-{number}"


class Fleet:
    def __init__(self, server: RedisServer, emulator: Emulator, folder: pathlib.Path, seed: int) -> None:
        self.server = server
        self.emulator = emulator
        self.folder = folder
        self.random = random.Random(seed)
        self.kills = 0
        self.most_orphans = 0  # locks whose holder was killed, at most

    # ---- Customers ----

    def in_loop(self, visit: Callable[[SessionStore[capauth.aio.Client], capauth.aio.Client, int], object]) -> None:
        """Does something for every customer."""

        async def main() -> None:
            options = self.emulator.options(auto_refresh=False)
            async with capauth.aio.Client(**options) as client, redis.asyncio.Redis(port=self.server.port) as database:
                store = SessionStore(database, client, **STORE)
                numbers = iter(range(CUSTOMERS))

                async def some() -> None:
                    for number in numbers:
                        await visit(store, client, number)  # type: ignore[misc]

                await asyncio.gather(*(some() for _ in range(16)))

        asyncio.run(main())

    def sign_in(self) -> None:
        async def visit(store: SessionStore[capauth.aio.Client], client: capauth.aio.Client, number: int) -> None:
            customer = client.session(brand=BRAND, mobile=f"9199{number:08}", device_id=f"device-{number}")
            await customer.generate_token()
            await customer.generate_otp()
            await customer.validate_otp(OTP)
            await store.save(key_of(number), customer)

        self.in_loop(visit)

    def check_tokens(self) -> None:
        """Every stored token is good as it is."""

        async def visit(store: SessionStore[capauth.aio.Client], client: capauth.aio.Client, number: int) -> None:
            text = await store._work._database._client.hget(store.name(key_of(number)), "text")
            reply = await client.restore(text.decode()).gateway("GET", "customer/get")
            assert reply.ok, f"customer {number}: {reply.message}"

        self.in_loop(visit)

    # ---- Workers ----

    def jobs(self) -> list[pathlib.Path]:
        """Each customer is in several jobs. Those that visit the same ones do so in the same order, so that they
        meet."""
        groups: list[list[str]] = [[] for _ in range(PROCESSES)]
        numbers = self.random.sample(range(CUSTOMERS), CUSTOMERS)
        for number in numbers:
            for visitor in range(VISITORS):
                groups[(number + visitor) % PROCESSES].append(key_of(number))
        paths = []
        for index, keys in enumerate(groups):
            path = self.folder / f"{index}.json"
            progress = self.folder / f"{index}.progress"
            progress.write_bytes(b"")
            job = {
                **self.emulator.options(),
                "redis": self.server.url,
                "store": STORE,
                "keys": keys,
                "progress": str(progress),
            }
            path.write_text(json.dumps(job), encoding="utf-8")
            paths.append(path)
        return paths

    def kind(self, job: pathlib.Path) -> str:
        return KINDS[int(job.stem) % len(KINDS)]

    def start(self, job: pathlib.Path) -> "subprocess.Popen[str]":
        kind = self.kind(job)
        command = OTHERS.get(kind) or [sys.executable, str(WORKER), kind]
        environment = {**os.environ, **LUA_PATHS}
        return subprocess.Popen([*command, str(job)], stderr=subprocess.PIPE, text=True, env=environment)

    def run(self, disturb: Callable[[dict[pathlib.Path, "subprocess.Popen[str]"]], None] | None = None) -> None:
        """Until every job is done; `disturb` is called again and again."""
        workers = {job: self.start(job) for job in self.jobs()}
        try:
            while workers:
                time.sleep(0.01)
                if disturb:
                    disturb(workers)
                for job, worker in list(workers.items()):
                    if worker.poll() is not None:
                        assert worker.stderr and worker.returncode == 0, worker.stderr and worker.stderr.read()
                        worker.stderr.close()
                        del workers[job]
        finally:
            for worker in workers.values():
                self.kill(worker)

    def kill(self, worker: "subprocess.Popen[str]") -> None:
        worker.kill()
        worker.wait()
        assert worker.stderr
        worker.stderr.close()

    def progress(self) -> float:
        done = sum(path.stat().st_size for path in self.folder.glob("*.progress"))
        return done / (CUSTOMERS * VISITORS)

    # ---- What is counted ----

    def regenerations(self) -> int:
        return self.emulator.requests(brand=BRAND).get("POST /auth/v1/token/regenerate", 0)

    def history(self) -> dict[bytes, list[tuple[int, int]]]:
        """Fence and time of issue of every token that was stored, by customer and in order."""
        stored: dict[bytes, list[tuple[int, int]]] = {}
        for command, *arguments in self.server.writes():
            fields = dict(zip(arguments[1::2], arguments[2::2], strict=False))
            if command == b"HSET" and arguments[0].startswith(b"fleet:") and b"text" in fields:
                token = json.loads(fields[b"text"])["token"]
                stored.setdefault(arguments[0], []).append((int(fields[b"fence"]), issued(token)))
        return stored


def issued(token: str) -> int:
    claims = token.split(".")[1]
    return int(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iat"])


class Disturbance:
    """Kills workers at random moments, and Redis once in the middle: some workers start while it is away."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.next_kill = 0.05
        self.restarted = False

    def __call__(self, workers: dict[pathlib.Path, "subprocess.Popen[str]"]) -> None:
        progress = self.fleet.progress()
        if progress > self.next_kill and progress < 0.95:
            self.next_kill = progress + self.fleet.random.random() * 0.08
            time.sleep(self.fleet.random.random() / 200)
            self.replace(self.fleet.random.choice(list(workers)), workers)
        if progress > 0.5 and not self.restarted:
            self.restarted = True
            self.fleet.server.stop()
            for job in {self.fleet.kind(job): job for job in workers}.values():
                self.replace(job, workers)
            time.sleep(0.5)  # long enough to have started
            self.fleet.server.start()

    def replace(self, job: pathlib.Path, workers: dict[pathlib.Path, "subprocess.Popen[str]"]) -> None:
        if workers[job].poll() is None:
            self.fleet.kill(workers[job])
            self.fleet.kills += 1
            self.fleet.most_orphans += CONCURRENT if self.fleet.kind(job) == "asyncio" else 1
            workers[job] = self.fleet.start(job)


@pytest.fixture
def fleet(redis_server: RedisServer, tmp_path: pathlib.Path) -> Iterator[Fleet]:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    with redis_server.connect() as database:
        database.flushall()
    with Emulator() as emulator:  # its clock is moved
        emulator.brand(BRAND, FIXED_OTP=OTP)
        yield Fleet(redis_server, emulator, tmp_path, seed)


def test_fleet(fleet: Fleet) -> None:
    fleet.sign_in()

    fleet.emulator.advance(3600)
    fleet.run()
    print(f"workers: {', '.join(KINDS)}")
    quiet = fleet.regenerations()
    assert quiet == CUSTOMERS
    fleet.check_tokens()

    fleet.emulator.advance(3600)
    disturbance = Disturbance(fleet)
    fleet.run(disturbance)
    disturbed = fleet.regenerations() - quiet
    print(f"{fleet.kills} kills, {disturbed} regenerations")
    assert disturbance.restarted and fleet.kills >= 5
    assert CUSTOMERS <= disturbed <= CUSTOMERS + fleet.most_orphans
    fleet.check_tokens()

    history = fleet.history()
    assert len(history) == CUSTOMERS
    for stored in history.values():
        fences = [fence for fence, _ in stored]
        assert fences == sorted(set(fences))
        assert [time for _, time in stored] == sorted(time for _, time in stored)
