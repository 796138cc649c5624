"""A Redis server for tests: on a free port of this machine, in a folder of its own, everything on the disk at once."""

import contextlib
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

sys.path.append(str(pathlib.Path(__file__).resolve().parents[4] / "tests" / "network"))
from ports import free_port as free_port  # noqa: E402


class RedisServer:
    def __init__(self, folder: pathlib.Path, *options: str, configuration: pathlib.Path | None = None) -> None:
        """`options` are for its command line; with a `configuration` it is a Sentinel."""
        self.folder, self.options, self.configuration = folder, options, configuration
        self.port = free_port()
        self.start()

    def _command(self) -> list[str]:
        where = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        if self.configuration:
            return ["redis-server", str(self.configuration), "--sentinel", *where]
        return [
            *("redis-server", *where, "--appendonly", "yes", "--appendfsync", "always", "--save", ""),
            *("--auto-aof-rewrite-percentage", "0"),  # the file is then the history of all writes
            *self.options,
        ]

    def start(self) -> None:
        self.process = subprocess.Popen(self._command(), stdout=subprocess.DEVNULL)
        end = time.monotonic() + 30
        with self.connect() as connection:
            while True:
                with contextlib.suppress(redis.ConnectionError):
                    connection.ping()
                    return
                assert self.process.poll() is None and time.monotonic() < end, "redis-server did not start"
                time.sleep(0.01)

    def stop(self) -> None:
        """As power would fail: it gets no chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def forget(self) -> None:
        """Restarts without what was stored."""
        self.stop()
        for path in (self.folder / "appendonlydir").iterdir():
            path.unlink()
        self.start()

    def connect(self) -> redis.Redis:
        """redis-py shall not try again by itself: that is what we test."""
        return redis.Redis(port=self.port, retry=Retry(NoBackoff(), 0))

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def writes(self) -> Iterator[list[bytes]]:
        """Every command that changed something, in order."""
        for path in sorted((self.folder / "appendonlydir").glob("*.incr.aof")):
            with path.open("rb") as file:
                while header := file.readline():
                    yield [file.read(int(file.readline()[1:]) + 2)[:-2] for _ in range(int(header[1:]))]
