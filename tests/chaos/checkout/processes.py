"""The services as processes of their own, forked from one that has imported everything (`warm`): a start costs no imports.

Each listens on a Unix socket. A failpoint is armed in one process only, when it starts or by a signal. What production waits for
in seconds is waited for in parts of one here; nothing else is different.
"""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from datetime import timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import uvicorn

from common import failpoints
from common.events import jetstream, relay
from common.service import installed_service
from subgraphs.jobs.worker import leader, worker
from subgraphs.payments.service import recording, runner, webhook_sender
from subgraphs.payments.store import webhooks
from subgraphs.provider import store as provider_store
from subgraphs.provider import worker as provider_worker
from subgraphs.provider.routes import answering

CONTEXT = multiprocessing.get_context("forkserver")
SERVICES = ("payments", "inventory", "provider", "jobs")


def quicken() -> None:
    """Notice sooner than in production that a process has died or been stopped."""
    jetstream.ACK_WAIT = 1.0
    relay.LEASE_TTL = timedelta(seconds=1.5)
    worker.SILENCE = leader.SILENCE = timedelta(seconds=1.5)
    worker.BEAT_INTERVAL = 0.3
    leader.LEASE_TTL = timedelta(seconds=1)
    runner.LEASE, runner.CALL_TIMEOUT = timedelta(seconds=2.5), 2.0
    recording.MAX_DELAY = timedelta(seconds=2)
    webhooks.CLAIM_TIME, webhook_sender.TIMEOUT = timedelta(seconds=2.5), 2.0
    provider_store.CLAIM_SECONDS, provider_worker.TIMEOUT = 2.5, 2.0
    answering.SILENCE = 5.0
    answering.LATE = 1.0


def serve(name: str, socket: str, environment: Mapping[str, str], setting: str) -> None:
    """What a forked process does until it is killed; SIGUSR1 arms it for what is in the file `setting`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's is for the one who started us
    log = os.open(environment["CHAOS_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    _arm(setting)
    signal.signal(signal.SIGUSR1, lambda *_: _arm(setting))
    quicken()
    app: Any = installed_service(name).create_app(environment)
    configuration = uvicorn.Config(app, uds=socket, log_level="warning", lifespan="on", ws="none")
    asyncio.run(uvicorn.Server(configuration).serve())


def _arm(setting: str) -> None:
    failpoints._armed = failpoints._parse(Path(setting).read_text())


class ServiceProcess:
    """One process of a service."""

    def __init__(self, name: str, socket: Path, environment: Mapping[str, str], failpoint: str = "") -> None:
        self.name = name
        socket.unlink(missing_ok=True)
        self._setting = socket.with_name(f"{name}.{time.monotonic_ns()}")
        self._setting.write_text(failpoint)
        arguments = (name, str(socket), dict(environment), str(self._setting))
        self._process: ForkServerProcess = CONTEXT.Process(target=serve, args=arguments, daemon=True)
        self._process.start()

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    @property
    def is_stopped(self) -> bool:
        """Whether SIGSTOP holds it."""
        try:
            status = Path(f"/proc/{self._process.pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            return False
        return status.rpartition(")")[2].split()[0] == "T"

    @property
    def was_killed(self) -> bool:
        return self._process.exitcode == -signal.SIGKILL

    def arm(self, failpoint: str) -> None:
        """Die or stop at another failpoint from now on."""
        self._setting.write_text(failpoint)
        self._signal(signal.SIGUSR1)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        while self._process.is_alive():  # noqa: ASYNC110 - it watches a process
            await asyncio.sleep(0.01)

    def _signal(self, number: signal.Signals) -> None:
        """Raises ProcessLookupError when it has died."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)


CONTEXT.set_forkserver_preload([f"{__package__}.warm"])
