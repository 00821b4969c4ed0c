"""No-op jobs by arq on Valkey, with the shortest delay between two polls that its documentation names."""

import asyncio
import sys
import time

import uvloop
from arq import Worker, create_pool
from arq.connections import RedisSettings
from telling import tell, wait


async def noop(_context: object) -> None:
    """Nothing."""


async def main(url: str, count: int) -> None:
    settings = RedisSettings.from_dsn(url)
    pool = await create_pool(settings)
    began = time.process_time()
    for _ in range(count // 100):
        await asyncio.gather(*(pool.enqueue_job("noop") for _ in range(100)))
    tell(enqueue=time.process_time() - began)
    wait()
    began, clock = time.process_time(), time.perf_counter()
    worker = Worker(
        functions=[noop],
        redis_settings=settings,
        burst=True,
        max_jobs=100,
        poll_delay=0.01,
        keep_result=0,
        handle_signals=False,
    )
    await worker.async_run()
    tell(work=time.process_time() - began, seconds=time.perf_counter() - clock)
    wait()
    await worker.close()


uvloop.run(main(sys.argv[1], int(sys.argv[2])))
