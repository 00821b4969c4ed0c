"""What an app's life spans: what it closes at its end, and running it inside another program."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def closing(close: Callable[[], Awaitable[object]]) -> Lifespan:
    """A lifespan that is nothing but its end: `close` is called, whatever happened before."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await close()

    return lifespan


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[Litestar]:
    """`app` with its lifespan started in a task of its own; stopped at the end, whichever task ends it.

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
