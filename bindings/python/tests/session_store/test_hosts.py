"""capauth.redis: broken hosts beside healthy ones, each a process. The healthy ones meet no error, and each expired
token is regenerated once."""

import json
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from redis_server import RedisServer
from support import REGENERATE
from waiting import until

from capauth.redis import SessionStore
from capauth.testing import Emulator

CUSTOMERS = 30
BRAND = "Hosts"
STORE: dict[str, Any] = {"prefix": "hosts:", "lock_seconds": 3}
WORKER = pathlib.Path(__file__).with_name("worker.py")
KEYS = [f"customer-{number}" for number in range(CUSTOMERS)]


class Hosts:
    def __init__(self, server: RedisServer, emulator: Emulator, folder: pathlib.Path) -> None:
        self.server, self.emulator, self.folder = server, emulator, folder
        self.running: dict[str, subprocess.Popen[str]] = {}

    def sign_in(self) -> None:
        with self.emulator.client() as client, self.server.connect() as database:
            store = SessionStore(database, client, **STORE)
            for number, key in enumerate(KEYS):
                customer = client.session(brand=BRAND, mobile=f"9198{number:08}", device_id="device-1")
                customer.generate_token()
                customer.generate_otp()
                customer.validate_otp(self.emulator.otp(str(customer.identifier), brand=BRAND))
                store.save(key, customer)

    def start(self, name: str, kind: str, tolerant: bool = False, **options: Any) -> None:
        job = {
            **self.emulator.options(**options),
            "redis": self.server.url,
            "store": STORE,
            "keys": KEYS,
            "progress": str(self.folder / f"{name}.progress"),
            "tolerant": tolerant,
        }
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        (self.folder / f"{name}.progress").write_bytes(b"")
        self.running[name] = subprocess.Popen(
            [sys.executable, str(WORKER), kind, str(path)], stderr=subprocess.PIPE, text=True
        )

    def end(self, name: str) -> str:
        """Waits for it; what it did for each customer: "." a use, "x" an error that it bore."""
        host = self.running.pop(name)
        _, errors = host.communicate(timeout=60)
        assert host.returncode == 0, errors
        return (self.folder / f"{name}.progress").read_text(encoding="ascii")

    def pause_with_a_lock(self, name: str) -> None:
        host = self.running[name]
        with self.server.connect() as database:

            def holds() -> bool:
                return any(database.hexists(key, "holder") for key in database.scan_iter("hosts:*"))

            while True:
                until(holds)
                os.kill(host.pid, signal.SIGSTOP)
                if holds():
                    return
                os.kill(host.pid, signal.SIGCONT)

    def stored(self) -> list[int]:
        """How often each customer's text was stored."""
        counts: dict[bytes, int] = {}
        for command, *arguments in self.server.writes():
            if command == b"HSET" and arguments[0].startswith(b"hosts:") and b"text" in arguments[1::2]:
                counts[arguments[0]] = counts.get(arguments[0], 0) + 1
        return sorted(counts.values())


@pytest.fixture
def hosts(redis_server: RedisServer, tmp_path: pathlib.Path) -> Iterator[Hosts]:
    with redis_server.connect() as database, Emulator() as emulator:  # its clock is moved
        database.flushall()
        emulator.brand(BRAND)
        hosts = Hosts(redis_server, emulator, tmp_path)
        yield hosts
        for host in hosts.running.values():
            host.kill()
            host.communicate()


def test_broken_hosts_beside_healthy_ones(hosts: Hosts, capauth_emulator: Emulator) -> None:
    hosts.sign_in()
    hosts.emulator.advance(3600)
    hosts.emulator.fault(REGENERATE, brand=BRAND, count=1000, delayMs=100)
    hosts.start("paused", "blocking")
    hosts.pause_with_a_lock("paused")
    hosts.start("wrong CA", "blocking", tolerant=True, ca_file=capauth_emulator.ca_file)
    hosts.start("short timeout", "asyncio", tolerant=True, timeout=0.05)
    hosts.start("fast clock", "blocking", clock_offset=1200)
    healthy = {f"healthy {kind}": kind for kind in ("blocking", "asyncio")}
    for name, kind in healthy.items():
        hosts.start(name, kind)
    for name in [*healthy, "fast clock"]:
        assert hosts.end(name) == "." * CUSTOMERS, name
    os.kill(hosts.running["paused"].pid, signal.SIGCONT)
    assert hosts.end("paused") == "." * CUSTOMERS
    assert "x" in hosts.end("wrong CA")
    gave_up = hosts.end("short timeout").count("x")

    assert hosts.stored() == [2] * CUSTOMERS  # the sign-in, and one regeneration
    asked = hosts.emulator.requests(brand=BRAND)[f"POST {REGENERATE}"]
    assert CUSTOMERS <= asked <= CUSTOMERS + gave_up + 1  # the paused one's answer came too late
