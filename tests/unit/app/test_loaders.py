import asyncio

from common.app.loaders import ListLoader, by_key


async def test_the_keys_asked_for_at_once_are_found_by_one_call_and_others_are_none() -> None:
    calls = []

    async def find(keys: list[int]) -> dict[int, str]:
        calls.append(keys)
        return {1: "one", 2: "two"}

    loader = by_key(find)
    found = await asyncio.gather(loader.load(2), loader.load(3), loader.load(1), loader.load(2))
    assert found == ["two", None, "one", "two"]
    assert calls == [[2, 3, 1]]


async def test_lists_are_found_by_one_call_for_each_length() -> None:
    calls = []

    async def find(keys: list[str], first: int) -> dict[str, list[str]]:
        calls.append((keys, first))
        return {key: [key] * first for key in keys}

    loader = ListLoader(find)
    found = await asyncio.gather(loader.load("a", 1), loader.load("b", 2), loader.load("b", 1))
    assert found == [["a"], ["b", "b"], ["b"]]
    assert calls == [(["a", "b"], 1), (["b"], 2)]
