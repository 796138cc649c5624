"""Several Redis servers for tests: a cluster of three, and a primary with a replica and a Sentinel."""

import contextlib
import pathlib
import time
from collections.abc import Callable, Iterator

import redis
from redis_server import RedisServer, free_port


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 30
    while True:
        with contextlib.suppress(redis.ConnectionError, redis.ResponseError):
            if condition():
                return
        assert time.monotonic() < end, what
        time.sleep(0.02)


SLOTS = 16384


class ThreeNodes:
    """A cluster of three primaries."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.nodes = []
        for number in range(3):
            (folder / str(number)).mkdir()
            options = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
            self.nodes.append(RedisServer(folder / str(number), *options))
        first = self.nodes[0]
        for number, node in enumerate(self.nodes):
            with node.connect() as admin:
                begin, end = number * SLOTS // 3, (number + 1) * SLOTS // 3 - 1
                admin.execute_command("CLUSTER ADDSLOTSRANGE", begin, end)
                admin.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
                bus = int(dict(zip(node.options[::2], node.options[1::2], strict=True))["--cluster-port"])
                with first.connect() as meeting:
                    meeting.execute_command("CLUSTER MEET", "127.0.0.1", node.port, bus)
        until(lambda: all(self._is_whole(node) for node in self.nodes), "the cluster does not come together")

    @staticmethod
    def _is_whole(node: RedisServer) -> bool:
        with node.connect() as admin:
            info: dict[str, str] = admin.execute_command("CLUSTER INFO")
        return info["cluster_state"] == "ok" and info["cluster_known_nodes"] == "3"

    def owner(self, name: str) -> tuple[RedisServer, int]:
        """Of the slot that the name is in, and that."""
        with self.nodes[0].connect() as admin:
            slot = int(admin.execute_command("CLUSTER KEYSLOT", name))
        for node in self.nodes:
            with node.connect() as admin:
                if any(begin <= slot <= end for begin, end in self._slots(admin)):
                    return node, slot
        raise AssertionError

    @staticmethod
    def _slots(admin: redis.Redis) -> Iterator[tuple[int, int]]:
        mine = admin.execute_command("CLUSTER MYID").decode()
        shards = admin.execute_command("CLUSTER NODES")
        for details in shards.values():
            if details["node_id"] == mine:
                for slots in details["slots"]:
                    yield int(slots[0]), int(slots[-1])

    def move(self, name: str) -> None:
        """Moves the slot of the name to the next node, as an operator would, while it is in use."""
        source, slot = self.owner(name)
        target = self.nodes[(self.nodes.index(source) + 1) % 3]
        with source.connect() as old, target.connect() as new:
            ids = [admin.execute_command("CLUSTER MYID").decode() for admin in (old, new)]
            new.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[0])
            old.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[1])
            while names := old.execute_command("CLUSTER GETKEYSINSLOT", slot, 10):
                for moved in names:
                    old.execute_command("MIGRATE", "127.0.0.1", target.port, moved, 0, 5000)
            for node in (target, source, *self.nodes):
                with node.connect() as admin:
                    admin.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[1])

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()


class Watched:
    """A primary, its replica, and a Sentinel that may swap them."""

    NAME = "capauth"

    def __init__(self, folder: pathlib.Path) -> None:
        for part in ("primary", "replica", "sentinel"):
            (folder / part).mkdir()
        self.primary = RedisServer(folder / "primary")
        self.replica = RedisServer(
            folder / "replica", "--replicaof", f"127.0.0.1 {self.primary.port}", "--repl-diskless-sync-delay", "0"
        )
        configuration = folder / "sentinel" / "sentinel.conf"
        configuration.write_text(
            f"sentinel monitor {self.NAME} 127.0.0.1 {self.primary.port} 1\n"
            f"sentinel down-after-milliseconds {self.NAME} 500\nsentinel failover-timeout {self.NAME} 5000\n",
            encoding="utf-8",
        )
        self.sentinel = RedisServer(folder / "sentinel", configuration=configuration)
        self.wait_for_replica()

    def wait_for_replica(self) -> None:
        with self.replica.connect() as admin, self.sentinel.connect() as watch:
            until(lambda: admin.info("replication")["master_link_status"] == "up", "the replica does not come up")
            until(
                lambda: any(
                    b"slave" in line for line in watch.execute_command("SENTINEL REPLICAS", self.NAME)[0]
                ),
                "the Sentinel sees no replica",
            )

    def replicated(self) -> None:
        """Waits until the replica has all."""
        with self.primary.connect() as admin:
            until(lambda: int(admin.execute_command("WAIT", 1, 1000)) == 1, "the replica lags")

    def stop(self) -> None:
        for server in (self.sentinel, self.replica, self.primary):
            if server.process.poll() is None:
                server.stop()
