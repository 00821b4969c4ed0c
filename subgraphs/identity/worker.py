"""What identity does unasked: it forgets what was kept long enough."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from common.database import RetryableError

logger = logging.getLogger("hansa.identity")

Work = Callable[[], Awaitable[object]]


@asynccontextmanager
async def repeating(work: Work, every: float) -> AsyncIterator[None]:
    """Does `work` now and again `every` so many seconds until the end of the block. A failure ends one turn."""
    task = asyncio.create_task(_repeat(work, every))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _repeat(work: Work, every: float) -> None:
    while True:
        try:
            await work()
        except RetryableError as error:
            logger.warning("The database refuses; the next turn is in %s s: %s", every, error)
        except Exception:
            logger.exception("Work failed; the next turn is in %s s", every)
        await asyncio.sleep(every)
