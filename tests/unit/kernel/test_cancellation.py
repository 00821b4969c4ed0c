import asyncio
from contextlib import suppress

import pytest

from common.cancellation import heeding_cancellation


async def swallow(*, raising: Exception | None = None) -> str:
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    if raising is not None:
        raise raising
    return "done all the same"


@pytest.mark.parametrize("raising", [None, OSError("gone")])
async def test_a_swallowed_cancellation_ends_the_task_at_the_end_of_the_block(
    raising: Exception | None,
) -> None:
    async def work() -> str:
        with heeding_cancellation():
            await swallow(raising=raising)
        return "went on"

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_clean_up_after_a_cancellation_runs_to_its_end() -> None:
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            with heeding_cancellation():
                await asyncio.sleep(0)
            cleaned.append(True)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned


async def test_what_the_block_raises_is_raised() -> None:
    with pytest.raises(OSError, match="gone"), heeding_cancellation():
        raise OSError("gone")
