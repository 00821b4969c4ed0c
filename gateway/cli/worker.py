"""`hansa worker`: a process that runs background jobs and nothing else."""

import asyncio
import os
import sys

import uvloop

from common.jobs import WorkerOptions, WorkerProgram, installed_worker
from common.settings import SettingsError
from common.telemetry import configure_logging
from gateway.cli.failure import CommandError
from gateway.platform.errors import PlatformError
from gateway.platform.services import find_service, migrate_service
from gateway.server.process import settle
from gateway.server.serving import stop_signals


def worker(*, queues: str = "default", concurrency: int = 20, grace: float = 20.0) -> None:
    """Run background jobs of all kinds that installed packages bring.

    It reads DATABASE_URL, NATS_URL by which it hears of new jobs sooner, and what the jobs themselves need. With SIGTERM or Ctrl-C it takes no more jobs, lets those that
    run end, hands back what is left, and exits 0.

    Parameters
    ----------
    queues
        The queues to take jobs from, separated by commas.
    concurrency
        How many jobs run at once.
    grace
        Seconds that running jobs have at the end.
    """
    names = tuple(name.strip() for name in queues.split(",") if name.strip())
    if concurrency < 1 or grace < 0 or not names:
        raise CommandError("A worker needs a queue, a concurrency of at least 1 and a grace of at least 0")
    configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
    installed = installed_worker()
    if installed is None:
        raise CommandError("No installed package brings a worker (entry point group hansa.workers)")
    options = WorkerOptions(queues=names, concurrency=concurrency, grace=grace)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(*installed, options))
    except (PlatformError, SettingsError, ValueError) as error:
        raise CommandError(str(error)) from None


async def _run(service: str, program: WorkerProgram, options: WorkerOptions) -> None:
    with stop_signals() as stop:
        await migrate_service(find_service(service), os.environ)
        async with program(os.environ, options):
            settle()
            print(f"The worker takes jobs from {', '.join(options.queues)}", file=sys.stderr)
            await stop.wait()
