"""A real cluster of three primaries, one of which has a replica; its slots can be moved, its nodes killed and started again."""

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.embedded.process import ServerProcess
from common.embedded.valkey import server_binary

PRIMARIES = 3
SLOTS = 16_384
PATIENCE = 60.0  # seconds


class Node:
    """One server; `client` looks at it alone."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.port, self.bus = _free_port(), _free_port()
        own = ServerFolder(folder, server_account())
        self._data = own.data("valkey")
        self._process = ServerProcess(
            "Valkey", account=own.account, log=own.log("valkey"), stop_signal=signal.SIGKILL
        )
        self.client = redis.Redis(host="127.0.0.1", port=self.port, retry=Retry(NoBackoff(), 0))

    def start(self) -> None:
        self._process.spawn(self._command(), reachable=(self._data,))
        wait_until(self._answers)

    def kill(self) -> None:
        if self._process.pid is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            wait_until(lambda: not self.is_running)

    @property
    def is_running(self) -> bool:
        return self._process.pid is not None

    @property
    def id(self) -> str:
        return str(self.cluster("MYID"), "ascii")

    def cluster(self, *command: str | int) -> Any:
        return self.client.execute_command("CLUSTER", *command)  # type: ignore[no-untyped-call]

    def _answers(self) -> bool:
        assert self._process.pid, "it has ended"
        with suppress(redis.exceptions.ConnectionError):
            return bool(self.client.ping())
        return False

    def _command(self) -> list[str]:
        options = {
            "port": self.port,
            "cluster-port": self.bus,
            "bind": "127.0.0.1",
            "dir": self._data,
            "save": "",
            "cluster-enabled": "yes",
            "cluster-node-timeout": 60_000,  # the machine is busy; tests say themselves who takes over
            "repl-diskless-sync-delay": 0,
        }
        return [
            str(server_binary()),
            *(part for name, value in options.items() for part in (f"--{name}", str(value))),
        ]


class Cluster:
    """The nodes; the last one is the replica of the one before it at first."""

    def __init__(self, folder: Path) -> None:
        self.nodes = [Node(folder / str(number)) for number in range(PRIMARIES + 1)]

    @property
    def url(self) -> str:
        return "redis-cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes[:2])

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        first, *others = self.nodes
        for number, node in enumerate(self.nodes[:PRIMARIES]):
            node.cluster("SET-CONFIG-EPOCH", number + 1)
            bounds = [SLOTS * each // PRIMARIES for each in (number, number + 1)]
            node.cluster("ADDSLOTSRANGE", bounds[0], bounds[1] - 1)
        for node in others:
            first.cluster("MEET", "127.0.0.1", node.port, node.bus)
        *_, primary, replica = self.nodes
        wait_until(lambda: all(len(_lines(node.cluster("NODES"))) == len(self.nodes) for node in self.nodes))
        replica.cluster("REPLICATE", primary.id)
        self.wait_until_whole()

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()
            node.client.close()

    def owner(self, slot: int) -> Node:
        """The primary that has a slot, by its own word."""
        for node in self.nodes:
            (myself,) = (line.split() for line in _lines(node.cluster("NODES")) if "myself" in line)
            ranges = [part.split("-") for part in myself[8:] if not part.startswith("[")]
            if any(int(each[0]) <= slot <= int(each[-1]) for each in ranges):
                return node
        raise AssertionError(slot)

    def move(self, slot: int, to: Node, on_key: Callable[[], None]) -> None:
        """Move a slot key by key in their order, as `valkey-cli --cluster reshard` does; `on_key` is called after each."""
        source = self.owner(slot)
        to.cluster("SETSLOT", slot, "IMPORTING", source.id)
        source.cluster("SETSLOT", slot, "MIGRATING", to.id)
        on_key()
        while keys := source.cluster("GETKEYSINSLOT", slot, 100):
            for key in sorted(keys):
                source.client.migrate("127.0.0.1", to.port, key, 0, 5_000)
                on_key()
        for node in (to, source):
            node.cluster("SETSLOT", slot, "NODE", to.id)

    def primaries(self) -> list[Node]:
        return [node for node in self.nodes if node.client.info("replication")["role"] == "master"]

    def replica_of(self, primary: Node) -> Node:
        (told,) = primary.cluster("REPLICAS", primary.id)
        return next(node for node in self.nodes if str(told, "ascii").startswith(node.id))

    def mend(self) -> None:
        """Start who was killed, and empty all."""
        for node in self.nodes:
            if not node.is_running:
                node.start()
        self.wait_until_whole()
        for node in self.primaries():
            node.client.flushall()

    def wait_until_whole(self) -> None:
        """Until every node serves, and the replica has all of its primary."""
        wait_until(lambda: all(b"cluster_state:ok" in node.cluster("INFO") for node in self.nodes))
        wait_until(lambda: any(_has_replica(node) for node in self.nodes))


def wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _lines(text: bytes) -> list[str]:
    return text.decode().splitlines()


def _has_replica(node: Node) -> bool:
    told = node.client.info("replication")
    return told["role"] == "master" and told.get("slave0", {}).get("state") == "online"
