import asyncio

import pytest

from gateway.server.operations import OperationCache


class Planner:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, document: str, operation_name: str | None) -> str:
        self.asked.append(document)
        await self.go.wait()
        if document == "bad":
            raise ValueError(document)
        return f"{document}:{operation_name}"


async def test_an_operation_is_prepared_once_for_each_text_and_name() -> None:
    planner = Planner()
    cache = OperationCache(planner)
    assert [await cache.get("a", name) for name in (None, "A", None, "A")] == ["a:None", "a:A"] * 2
    assert planner.asked == ["a", "a"]


async def test_equal_requests_wait_for_one_preparation() -> None:
    planner = Planner()
    planner.go.clear()
    cache = OperationCache(planner)
    waiting = [asyncio.create_task(cache.get("a", None)) for _ in range(10)]
    await asyncio.sleep(0)
    planner.go.set()
    assert await asyncio.gather(*waiting) == ["a:None"] * 10
    assert planner.asked == ["a"]


async def test_a_client_that_gives_up_does_not_take_the_others_operation_with_it() -> None:
    planner = Planner()
    planner.go.clear()
    cache = OperationCache(planner)
    first, second = (asyncio.create_task(cache.get("a", None)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    planner.go.set()
    assert await second == "a:None"
    assert first.cancelled()


async def test_a_failure_goes_to_all_who_wait_and_is_not_kept() -> None:
    planner = Planner()
    cache = OperationCache(planner)
    outcomes = await asyncio.gather(*(cache.get("bad", None) for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ValueError] * 3
    with pytest.raises(ValueError, match="bad"):
        await cache.get("bad", None)
    assert planner.asked == ["bad", "bad"]
    assert len(cache) == 0


async def test_the_operations_used_last_are_kept() -> None:
    planner = Planner()
    cache = OperationCache(planner, max_operations=2)
    for document in ("a", "b", "a", "c", "a"):
        await cache.get(document, None)
    assert planner.asked == ["a", "b", "c"]
    assert cache.cached("b", None) is None


async def test_the_kept_documents_have_a_bounded_length() -> None:
    cache = OperationCache(Planner(), max_characters=10)
    for document in ("a" * 6, "b" * 6, "c" * 100, "d"):
        await cache.get(document, None)
    assert len(cache) == 1
    assert cache.cached("d", None) == "d:None"
