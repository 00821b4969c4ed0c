"""Each service in a process of its own, reached by a Unix socket and kept alive."""

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from common.http import Request, TransportError, open_transport
from common.http.in_process import ASGIApp
from gateway.platform.errors import PlatformError
from gateway.platform.progress import Progress
from gateway.server.workers.child import Child

_START_TIMEOUT = 60.0  # seconds
_GIVE_UP_AFTER = 3  # restarts before the service was ready once
_POLL_INTERVAL = 0.05


class ProcessHost:
    """Starts all processes at once; their output goes to `log`."""

    def __init__(
        self, names: Mapping[str, object], *, directory: Path, log: Path, progress: Progress
    ) -> None:
        self._names = list(names)
        self._log = log
        self._progress = progress
        # A Unix socket's path may have 107 bytes, and the directory may be deep.
        digest = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:16]
        self._sockets = Path(tempfile.gettempdir()) / f"hansa-{digest}-services"
        self.children: dict[str, Child] = {}

    @property
    def apps(self) -> Mapping[str, ASGIApp]:
        return {}

    def url(self, name: str, path: str) -> str:
        return f"unix://{self._sockets / name}.sock?path={path}"

    async def start(self, environment: Mapping[str, str]) -> None:
        shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets.mkdir(mode=0o700)
        for name in self._names:
            self._progress(name, "starting")
            command = ("subgraph", name, "--listen", f"unix:{self._sockets / name}.sock")
            self.children[name] = Child(name, command, environment, log=self._log)
            self.children[name].start()
        await asyncio.gather(*(self._wait(child) for child in self.children.values()))

    async def stop(self) -> None:
        await asyncio.gather(*(child.stop() for child in self.children.values()))
        shutil.rmtree(self._sockets, ignore_errors=True)

    async def _wait(self, child: Child) -> None:
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                while not await self._is_ready(child.name):
                    if child.restarts >= _GIVE_UP_AFTER:
                        raise PlatformError(f"{child.name} ends while it starts; its log is in {self._log}")
                    await asyncio.sleep(_POLL_INTERVAL)
        except TimeoutError:
            raise PlatformError(
                f"{child.name} was not ready after {_START_TIMEOUT:.0f} s; its log is in {self._log}"
            ) from None
        self._progress(child.name, "ready")

    async def _is_ready(self, name: str) -> bool:
        transport = open_transport(self.url(name, "/health/ready"))
        try:
            return (await transport.send(Request(path="", method="GET"), timeout=5)).status == 200
        except TransportError:
            return False
        finally:
            await transport.close()
