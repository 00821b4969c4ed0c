"""No-op jobs by procrastinate: what it is given, then one line of JSON."""

import json
import sys
import time

import uvloop
from procrastinate import App, PsycopgConnector


async def main(url: str, count: int) -> None:
    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(name="noop", queue="default")
    async def noop() -> None:
        """Nothing."""

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        began = time.process_time()
        for _ in range(max(count // 1_000, 1)):
            await noop.batch_defer_async(*({} for _ in range(min(count, 1_000))))
        sys.stdout.write(json.dumps({"enqueue": time.process_time() - began}) + "\n")
        sys.stdout.flush()
        sys.stdin.readline()
        began, clock = time.process_time(), time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=100, install_signal_handlers=False)
        told = {"work": time.process_time() - began, "seconds": time.perf_counter() - clock}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


uvloop.run(main(sys.argv[1], int(sys.argv[2])))
