"""Turns of a worker: two at once, and nobody beside who is alone."""

import asyncio

from subgraphs.jobs.worker.turns import Turns


async def test_who_is_alone_waits_for_what_is_under_way_and_keeps_others_out() -> None:
    turns, gate, done = Turns(), asyncio.Event(), []

    async def work() -> None:
        await gate.wait()
        done.append("work")

    async def alone() -> None:
        async with turns.alone():
            done.append("alone")
            await asyncio.sleep(0)
            assert not turns

    async with asyncio.timeout(10):
        await turns.start(work)
        await turns.start(work)
        assert turns.are_taken
        being_alone = asyncio.create_task(alone())
        await asyncio.sleep(0)
        later = asyncio.create_task(turns.start(work))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(being_alone, later)
        await turns.cancel()
    assert done[:3] == ["work", "work", "alone"]
