"""What the router keeps in Valkey, over a cluster: documents, rate limits by client, and the response cache."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from common.valkey import ValkeyUnavailableError
from common.valkey.slots import slot_of
from gateway.server.config.cache import Redis
from gateway.server.config.duration import Duration
from gateway.server.config.rate_limits import SharedCounters
from gateway.server.config.response_cache import ResponseCacheRedis
from gateway.server.config.traffic import RateLimit
from gateway.server.persisted_queries.valkey import ValkeyDocuments
from gateway.server.rate_limits.decision import Hit
from gateway.server.rate_limits.valkey import ValkeyLimiter
from gateway.server.response_cache.valkey import Entry, ValkeyEntries, Wanted
from tests.integration.valkey.servers import Cluster, Node, wait_until

PATIENT = Duration(20)
SOON = Duration(0.3)
SLOT = slot_of("{shop:response_cache}")
PRODUCT = Wanted(["product"], ["tag"])
ENTRY = Entry("product", 60_000, ["tag"], b"1")


async def test_documents_are_in_all_shards(cluster: Cluster) -> None:
    documents = ValkeyDocuments(Redis(urls=(cluster.url,), timeout=PATIENT))
    for number in range(30):
        await documents.put(f"digest-{number}", f"query Q{number}")
    assert [await documents.get(f"digest-{number}") for number in range(30)] == [
        f"query Q{number}" for number in range(30)
    ]
    assert all(node.client.dbsize() for node in cluster.primaries())
    await documents.close()


async def test_a_decision_about_several_keys_is_one(cluster: Cluster) -> None:
    limiter = ValkeyLimiter(SharedCounters(urls=(cluster.url,), timeout=PATIENT))
    hits = [
        Hit.of(key, RateLimit(capacity=capacity, interval=Duration(3_600)))
        for key, capacity in (("a", 30), ("b", 50))
    ]
    async with asyncio.timeout(30):
        decisions = await asyncio.gather(*(limiter.decide(hits) for _ in range(80)))
    assert sum(not any(left.wait for left in decision) for decision in decisions) == 30
    await limiter.close()


@pytest.fixture
async def entries(cluster: Cluster) -> AsyncIterator[ValkeyEntries]:
    config = ResponseCacheRedis(
        urls=(cluster.url,),
        namespace="shop",
        fetch_timeout=SOON,
        insert_timeout=SOON,
        invalidate_timeout=SOON,
    )
    entries = ValkeyEntries(config)
    await entries.invalidate(())
    yield entries
    await entries.close()


async def is_found(entries: ValkeyEntries) -> bool | None:
    """Whether the product is there, None if nobody knows; what is not is stored."""
    looked_up = await entries.lookup([PRODUCT])
    if looked_up is None:
        return None
    if looked_up.found == [None]:
        await entries.store(looked_up.version, [ENTRY])
        return False
    return True


async def test_entries_are_invalid_after_an_invalidation(entries: ValkeyEntries) -> None:
    assert [await is_found(entries) for _ in range(2)] == [False, True]
    assert await entries.invalidate(["tag"]) == 1
    assert not await is_found(entries)


async def test_nothing_is_found_nor_invalidated_while_their_slot_is_moved(
    cluster: Cluster, entries: ValkeyEntries
) -> None:
    """A part of what says whether an entry is valid may be on the other side then."""
    assert not await is_found(entries)
    source = cluster.owner(SLOT)
    target = next(node for node in cluster.primaries() if node is not source)
    loop, found, invalidated = asyncio.get_running_loop(), list[bool | None](), list[bool]()

    async def use() -> None:
        found.append(await is_found(entries))
        try:
            await entries.invalidate(["tag"])
        except ValkeyUnavailableError:
            invalidated.append(False)

    def look() -> None:
        asyncio.run_coroutine_threadsafe(use(), loop).result()

    await asyncio.to_thread(cluster.move, SLOT, target, look)
    assert set(found) == {None}
    assert len(invalidated) == len(found) > 3
    assert [await is_found(entries) for _ in range(2)] == [False, True]


async def test_a_node_that_takes_over_begins_an_epoch_though_it_had_one_before(
    cluster: Cluster, entries: ValkeyEntries
) -> None:
    """It may have lost invalidations; and it has the script, of when it was in charge last."""
    first = cluster.owner(SLOT)
    if not first.cluster("REPLICAS", first.id):
        first = await with_replica(cluster)
    replica = cluster.replica_of(first)
    assert not await is_found(entries)
    for taking, giving in ((replica, first), (first, replica)):
        await asyncio.to_thread(take_over, cluster, taking, giving)
        assert [await until_known(entries) for _ in range(2)] == [False, True]


def take_over(cluster: Cluster, taking: Node, giving: Node) -> None:
    giving.client.wait(1, 0)
    taking.cluster("FAILOVER")
    wait_until(lambda: taking in cluster.primaries() and giving not in cluster.primaries())
    cluster.wait_until_whole()


async def with_replica(cluster: Cluster) -> Node:
    """Who has a replica, in charge of the slot."""
    primary = next(node for node in cluster.primaries() if node.cluster("REPLICAS", node.id))
    await asyncio.to_thread(cluster.move, SLOT, primary, lambda: None)
    return primary


async def until_known(entries: ValkeyEntries) -> bool:
    async with asyncio.timeout(PATIENT):
        while (found := await is_found(entries)) is None:  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.02)
    return found
