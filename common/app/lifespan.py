"""Running an app inside another program: its lifespan, started and stopped in a task of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[Litestar]:
    """`app` with its lifespan started; stopped at the end, whichever task ends it.

    What the start raises is raised here.
    """
    started = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set_result(None)
            await stop.wait()

    task = asyncio.create_task(live(), name=f"lifespan of {app}")
    await asyncio.wait([started, task], return_when=asyncio.FIRST_COMPLETED)
    try:
        if started.done():
            yield app
    finally:
        stop.set()
        await task
