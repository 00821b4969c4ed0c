"""Starts the workers, keeps them alive, and passes signals on.

They share one listening socket: a client that is in its queue when a worker dies is accepted by another.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from common.http import TransportError
from gateway.server.health import Check
from gateway.server.serving import Address, open_listener, open_side_listener, reload_signal, stop_signals
from gateway.server.workers.child import Child
from gateway.server.workers.place import Place
from gateway.server.workers.siblings import Siblings

_GIVE_UP_AFTER = 3  # restarts before all workers were ready once
_WRONG_USAGE = 2
_POLL_INTERVAL = 0.05
_KILL_AFTER = 5.0  # seconds beyond the workers' own grace


class WorkersError(Exception):
    """The workers do not start; `status` is what one of them ended with."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Supervisor:
    """Runs `count` processes of the same `hansa` command at one address.

    `beside` are further addresses that the workers listen on; `grace` is how many seconds they have to stop.
    """

    def __init__(
        self,
        command: Sequence[str],
        count: int,
        environment: Mapping[str, str],
        *,
        address: Address,
        beside: Iterable[str],
        grace: float,
    ) -> None:
        self._command = command
        self._count = count
        self._environment = environment
        self._address = address
        self._beside = beside
        self._grace = grace
        self._listeners: dict[str, socket.socket] = {}
        self._children: list[Child] = []

    async def run(self, started: Callable[[str], None]) -> None:
        """Until SIGTERM or SIGINT; SIGHUP is the workers'. `started` is told the address once all are ready.

        Raises ListenError and WorkersError.
        """
        with (
            stop_signals() as stop,
            reload_signal() as reload,
            TemporaryDirectory(prefix="hansa-workers-") as folder,
        ):
            tasks = [asyncio.create_task(stop.wait()), asyncio.create_task(self._pass_on(reload))]
            try:
                place = self._start(Path(folder))
                tasks.append(asyncio.create_task(self._announce(Siblings(place), started)))
                await asyncio.wait({tasks[0], tasks[2]}, return_when=asyncio.FIRST_COMPLETED)
                if tasks[2].done():
                    tasks[2].result()
                await stop.wait()
            finally:
                for task in tasks:
                    task.cancel()
                await self._stop()

    def _start(self, folder: Path) -> Place:
        with contextlib.ExitStack() as opened:
            self._listeners[""] = opened.enter_context(open_listener(*self._address))
            for address in self._beside:
                self._listeners[address] = opened.enter_context(open_side_listener(address))
            opened.pop_all()
        files = {address: listener.fileno() for address, listener in self._listeners.items()}
        for number in range(self._count):
            place = Place(number, self._count, str(folder), files)
            child = Child(
                f"worker {number}",
                self._command,
                {**self._environment, **place.environment()},
                descriptors=tuple(files.values()),
                patience=self._grace + _KILL_AFTER,
            )
            child.start()
            self._children.append(child)
        return place

    async def _announce(self, siblings: Siblings, started: Callable[[str], None]) -> None:
        host, port = self._listeners[""].getsockname()[:2]
        for child, check in zip(self._children, siblings.checks().values(), strict=True):
            while not await _passes(check):
                if child.status == _WRONG_USAGE or child.restarts >= _GIVE_UP_AFTER:
                    raise WorkersError(f"{child.name} does not start", child.status or 1)
                await asyncio.sleep(_POLL_INTERVAL)
        await siblings.close()
        started(f"{host}:{port}")

    async def _pass_on(self, reload: asyncio.Event) -> None:
        while True:
            await reload.wait()
            reload.clear()
            for child in self._children:
                child.signal(signal.SIGHUP)

    async def _stop(self) -> None:
        for listener in self._listeners.values():  # or clients would wait in a queue that nobody serves
            listener.close()
        await asyncio.gather(*(child.stop() for child in self._children))


async def _passes(check: Check) -> bool:
    try:
        await check()
    except (TransportError, RuntimeError):
        return False
    return True
