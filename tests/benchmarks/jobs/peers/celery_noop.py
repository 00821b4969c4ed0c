"""No-op tasks by Celery on Valkey, in a pool of one that acknowledges a task before it runs, which costs least."""

import os
import sys
import time
from typing import Any

from celery import Celery, signals
from telling import tell, wait

url, count = sys.argv[1].replace("unix://", "redis+socket://"), int(sys.argv[2])
app = Celery("bench", broker=url)
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=100, worker_redirect_stdouts=False)
begun: dict[str, float] = {}
done = 0


@app.task(name="noop")
def noop() -> None:
    """Nothing."""


@signals.worker_ready.connect
def begin(**_: Any) -> None:
    begun.update(work=time.process_time(), seconds=time.perf_counter())


@signals.task_postrun.connect
def count_one(**_: Any) -> None:
    global done  # noqa: PLW0603 - one process, one thread
    done += 1
    if done == count:
        tell(work=time.process_time() - begun["work"], seconds=time.perf_counter() - begun["seconds"])
        wait()
        os._exit(0)  # in the midst of a task, which Celery would take for its failure


began = time.process_time()
for _ in range(count):
    noop.delay()
tell(enqueue=time.process_time() - began)
wait()
app.Worker(pool="solo", concurrency=1, loglevel="ERROR", quiet=True).start()
