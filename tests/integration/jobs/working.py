"""One process that leads and works until SIGTERM, with the constants of production or, as an argument says, quicker."""

import asyncio
import os
import signal
import sys

from common.jobs import WorkerOptions
from common.settings import Secret
from subgraphs.jobs.registry import Registry
from subgraphs.jobs.working import working
from tests.integration.jobs.crashing_kinds import jobs


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    url, options = Secret(os.environ["DATABASE_URL"]), WorkerOptions(concurrency=4, grace=5.0)
    async with working(url, Registry({"crash": jobs}), os.environ, options, wake=asyncio.Event()):
        await stop.wait()


if "quick" in sys.argv:
    from tests.integration.jobs import crashing  # noqa: F401 - it sets shorter times

asyncio.run(main())
