"""No-op jobs by SAQ on Valkey."""

import asyncio
import sys
import time

import uvloop
from redis.asyncio import Redis
from saq import Worker
from saq.queue.redis import RedisQueue
from telling import tell, wait


async def noop(_context: object) -> None:
    """Nothing."""


async def main(url: str, count: int) -> None:
    queue = RedisQueue(Redis.from_url(url))
    await queue.connect()
    began = time.process_time()
    for _ in range(count // 100):
        await asyncio.gather(*(queue.enqueue("noop") for _ in range(100)))
    tell(enqueue=time.process_time() - began)
    wait()
    began, clock = time.process_time(), time.perf_counter()
    worker = Worker(queue, functions=[noop], concurrency=100, burst=True, dequeue_timeout=1)
    await worker.start()
    tell(work=time.process_time() - began, seconds=time.perf_counter() - clock)
    wait()


uvloop.run(main(sys.argv[1], int(sys.argv[2])))
