"""A subgraph has so many requests under way at most, and so many that wait."""

import asyncio

import pytest

from common.http import Response, TimeoutError_
from gateway.server.config.traffic import Bulkhead
from gateway.server.traffic.around import Overloaded
from gateway.server.traffic.bulkhead import BulkheadTransport
from tests.unit.server.traffic.peers import OK, QUERY, Held, Peer


async def test_no_more_than_the_limit_are_under_way_and_no_more_than_the_queue_wait() -> None:
    held = Held()
    transport = BulkheadTransport(held, Bulkhead(limit=2, queue=3))
    async with asyncio.timeout(10):
        tasks = [asyncio.create_task(transport.send(QUERY)) for _ in range(8)]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0.01)
        refused = [task for task in tasks if task.done()]
        assert [type(task.exception()) for task in refused] == [Overloaded] * 3
        assert done <= set(refused)
        held.release()
        assert await asyncio.gather(*(task for task in tasks if task not in refused)) == [OK] * 5
    assert (held.most, held.requests) == (2, 5)


async def test_who_waits_too_long_gives_up_and_leaves_the_queue() -> None:
    held = Held()
    transport = BulkheadTransport(held, Bulkhead(limit=1, queue=1))
    async with asyncio.timeout(10):
        first = asyncio.create_task(transport.send(QUERY))
        await asyncio.sleep(0)
        for _ in range(2):
            with pytest.raises(TimeoutError_):
                await transport.send(QUERY, timeout=0.01)
        held.release()
        assert await first == OK
        assert await transport.send(QUERY) == OK


async def test_a_request_that_is_given_up_makes_room() -> None:
    held = Held()
    transport = BulkheadTransport(held, Bulkhead(limit=1, queue=1))
    async with asyncio.timeout(10):
        first, second = (asyncio.create_task(transport.send(QUERY)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0.01)
        held.release()
        assert await second == OK


async def test_what_waiting_took_is_taken_off_the_time() -> None:
    peer = Peer(lambda _: OK)
    transport = BulkheadTransport(peer, Bulkhead(limit=1, queue=5))
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*(transport.send(QUERY, timeout=5) for _ in range(3)))
    assert answers == [OK] * 3
    assert peer.timeouts[0] == 5
    assert all(timeout is not None and timeout < 5 for timeout in peer.timeouts[1:])
    assert isinstance(answers[0], Response)
