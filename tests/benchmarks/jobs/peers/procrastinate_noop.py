"""No-op jobs by procrastinate."""

import sys
import time

import uvloop
from procrastinate import App, PsycopgConnector
from telling import tell, wait


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
        tell(enqueue=time.process_time() - began)
        wait()
        began, clock = time.process_time(), time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=100, install_signal_handlers=False)
        tell(work=time.process_time() - began, seconds=time.perf_counter() - clock)
        wait()


uvloop.run(main(sys.argv[1], int(sys.argv[2])))
