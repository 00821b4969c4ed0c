"""A cluster as one link: where commands go while slots are moved and nodes die, and that none is done twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from common.valkey import ReplyError, SlotMovingError, ValkeyUnavailableError
from common.valkey.cluster import ValkeyCluster
from common.valkey.slots import slot_of
from tests.integration.valkey.servers import Cluster, wait_until

PATIENT = 20.0
"""Seconds: the machine is busy, and only outages are to look like one."""
TAG = "moving"
SLOT = slot_of(f"{{{TAG}}}")
KEYS = [f"{{{TAG}}}{number}" for number in range(20)]


@pytest.fixture
async def link(cluster: Cluster) -> AsyncIterator[ValkeyCluster]:
    link = ValkeyCluster(cluster.url, timeout=PATIENT)
    yield link
    await link.close()


async def move(cluster: Cluster, on_key: Callable[[], None] = lambda: None) -> None:
    """Move `SLOT` to another primary."""
    source = cluster.owner(SLOT)
    target = next(node for node in cluster.primaries() if node is not source)
    await asyncio.to_thread(cluster.move, SLOT, target, on_key)


def wait_for_more(answered: dict[str, int]) -> None:
    """Wait until about as many more are answered as there are keys."""
    most = sum(answered.values()) + len(answered)
    wait_until(lambda: sum(answered.values()) >= most)


async def test_each_command_goes_to_who_has_its_key(cluster: Cluster, link: ValkeyCluster) -> None:
    await asyncio.gather(*(link.ask("SET", f"key-{number}", number) for number in range(60)))
    found = await asyncio.gather(*(link.ask("GET", f"key-{number}") for number in range(60)))
    assert [int(each) for each in found] == list(range(60))
    sizes = [node.client.dbsize() for node in cluster.primaries()]
    assert len(sizes) == 3
    assert all(sizes)
    assert sum(sizes) == 60


async def test_keys_of_one_command_are_in_one_slot(link: ValkeyCluster) -> None:
    assert await link.call("MSET", "{one}a", 1, "{one}b", 2) == b"OK"
    with pytest.raises(ReplyError, match="CROSSSLOT"):
        await link.call("MSET", "one", 1, "other", 2)


async def test_a_slot_that_is_moved_key_by_key_counts_each_call_once(
    cluster: Cluster, link: ValkeyCluster
) -> None:
    answered = dict.fromkeys(KEYS, 0)
    has_moved = asyncio.Event()

    async def count(key: str) -> None:
        while not has_moved.is_set():
            answered[key] += 1
            assert await link.call("INCR", key) == answered[key]

    async with asyncio.timeout(60), asyncio.TaskGroup() as counting:
        for key in KEYS:
            counting.create_task(count(key))
        while not all(answered.values()):  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.001)
        await move(cluster, lambda: wait_for_more(answered))
        has_moved.set()
    for key in KEYS:
        assert int(await link.call("GET", key)) == answered[key]


async def test_a_command_about_keys_on_both_sides_waits_and_is_not_done(
    cluster: Cluster, link: ValkeyCluster
) -> None:
    await link.call("MSET", KEYS[0], 0, KEYS[1], 0)
    impatient = ValkeyCluster(cluster.url, timeout=0.05)
    await impatient.servers()
    refused: list[type[Exception]] = []
    loop = asyncio.get_running_loop()

    def ask() -> None:
        asked = asyncio.run_coroutine_threadsafe(impatient.call("MSET", KEYS[0], 1, KEYS[1], 1), loop)
        try:
            asked.result()
        except SlotMovingError as error:
            refused.append(type(error))
        else:
            asyncio.run_coroutine_threadsafe(link.call("MSET", KEYS[0], 0, KEYS[1], 0), loop).result()

    await move(cluster, ask)
    assert refused == [SlotMovingError], "between one key and the other"
    assert await link.call("MGET", *KEYS[:2]) == [b"0", b"0"]
    await impatient.close()


async def test_who_takes_over_is_asked_and_meanwhile_the_others_are(
    cluster: Cluster, link: ValkeyCluster
) -> None:
    primary = next(node for node in cluster.primaries() if node.cluster("REPLICAS", node.id))
    replica = cluster.replica_of(primary)
    keys = [f"key-{number}" for number in range(60)]
    await asyncio.gather(*(link.ask("SET", key, 1) for key in keys))
    primary.client.wait(1, 0)
    primary.kill()
    found = await asyncio.gather(*(link.ask("GET", key) for key in keys), return_exceptions=True)
    assert {type(each) for each in found} == {bytes, ValkeyUnavailableError}
    replica.cluster("FAILOVER", "TAKEOVER")
    async with asyncio.timeout(PATIENT):
        for key in keys:
            while True:
                with suppress(ValkeyUnavailableError):
                    assert await link.ask("GET", key) == b"1"
                    break
                await asyncio.sleep(0.02)
