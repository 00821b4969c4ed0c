"""No-op jobs by pgqueuer."""

import sys
import time

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode
from telling import tell, wait


async def main(url: str, count: int) -> None:
    connection = await asyncpg.connect(url)
    driver = AsyncpgDriver(connection)
    await Queries(driver).install()
    began = time.process_time()
    for _ in range(count // 1_000):
        await Queries(driver).enqueue(["noop"] * 1_000, [None] * 1_000, [0] * 1_000)
    tell(enqueue=time.process_time() - began)
    wait()
    queue = PgQueuer(driver)

    @queue.entrypoint("noop")
    async def noop(_job: object) -> None:
        """Nothing."""

    began, clock = time.process_time(), time.perf_counter()
    await queue.run(batch_size=100, mode=QueueExecutionMode.drain)
    tell(work=time.process_time() - began, seconds=time.perf_counter() - clock)
    wait()


uvloop.run(main(sys.argv[1], int(sys.argv[2])))
