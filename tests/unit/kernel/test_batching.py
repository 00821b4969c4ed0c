import asyncio
from collections.abc import Sequence

import pytest

from common.batching import Batcher
from common.errors import OverloadedError


class Asked:
    """Answers a number by its double, when it is let; remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, questions: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(questions))
        await self.open.wait()
        if 13 in questions:
            raise ConnectionError("13")
        return [2 * question for question in questions]


async def test_what_is_asked_in_one_tick_is_one_batch() -> None:
    asked = Asked()
    batcher = Batcher(asked)
    assert await asyncio.gather(*(batcher.submit(i) for i in range(5))) == [0, 2, 4, 6, 8]
    assert await batcher.submit(7) == 14
    assert asked.batches == [[0, 1, 2, 3, 4], [7]]


async def test_a_batch_and_the_batches_that_are_out_are_bounded() -> None:
    asked = Asked()
    asked.open.clear()
    batcher = Batcher(asked, size=2, in_flight=2)
    answers = [batcher.submit(i) for i in range(7)]
    await asyncio.sleep(0.01)
    assert asked.batches == [[0, 1], [2, 3]]
    asked.open.set()
    assert await asyncio.gather(*answers) == [2 * i for i in range(7)]
    assert asked.batches[2:] == [[4, 5], [6]]


async def test_more_than_may_wait_is_refused() -> None:
    asked = Asked()
    asked.open.clear()
    batcher = Batcher(asked, size=1, in_flight=1, waiting=2)
    first = batcher.submit(0)
    await asyncio.sleep(0.01)
    waiting = [batcher.submit(1), batcher.submit(2)]
    with pytest.raises(OverloadedError):
        batcher.submit(3)
    asked.open.set()
    assert await asyncio.gather(first, *waiting) == [0, 2, 4]


async def test_a_failure_is_told_to_its_batch_only() -> None:
    batcher = Batcher(Asked())
    with pytest.raises(ConnectionError):
        await batcher.submit(13)
    assert await batcher.submit(1) == 2


async def test_who_stops_waiting_disturbs_nobody() -> None:
    asked = Asked()
    asked.open.clear()
    batcher = Batcher(asked)
    gone, staying = batcher.submit(1), batcher.submit(2)
    await asyncio.sleep(0.01)
    gone.cancel()
    asked.open.set()
    assert await staying == 4
    assert asked.batches == [[1, 2]]


async def test_closing_waits_for_what_was_asked() -> None:
    asked = Asked()
    batcher = Batcher(asked, size=1, in_flight=1)
    answers = [batcher.submit(i) for i in range(3)]
    async with asyncio.timeout(5):
        await batcher.close()
    assert [answer.result() for answer in answers] == [0, 2, 4]


async def test_a_batch_waits_its_delay_for_more_unless_it_is_full() -> None:
    asked = Asked()
    batcher = Batcher(asked, size=3, delay=0.05)
    first = batcher.submit(1)
    await asyncio.sleep(0.001)
    assert asked.batches == []
    rest = [batcher.submit(2), batcher.submit(3)]
    await asyncio.sleep(0.001)
    assert asked.batches == [[1, 2, 3]]
    assert await asyncio.gather(first, *rest) == [2, 4, 6]


async def test_an_answer_that_is_an_error_is_told_to_its_own_question_only() -> None:
    async def ask(questions: Sequence[int]) -> Sequence[int | Exception]:
        return [KeyError(each) if each == 13 else each for each in questions]

    batcher: Batcher[int, int] = Batcher(ask)
    first, failing, last = batcher.submit(1), batcher.submit(13), batcher.submit(2)
    assert (await first, await last) == (1, 2)
    with pytest.raises(KeyError):
        await failing
