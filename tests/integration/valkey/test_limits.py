"""The rate limiter's guarantees over a cluster: exact by many processes, through slots that are moved and a primary that is killed."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator

import pytest

from common.errors import OverloadedError
from common.valkey import open_valkey
from common.valkey.slots import slot_of
from subgraphs.ratelimit.domain.matching import Limit, Limits
from subgraphs.ratelimit.domain.policies import FailMode, Policy
from subgraphs.ratelimit.domain.rules import Algorithm, Rule
from subgraphs.ratelimit.engine.denials import Denials
from subgraphs.ratelimit.engine.fallback import Fallback
from subgraphs.ratelimit.engine.leases import Leases
from subgraphs.ratelimit.engine.limiter import Limiter
from subgraphs.ratelimit.engine.outcome import Outcome
from subgraphs.ratelimit.engine.reservations import Reservations
from subgraphs.ratelimit.engine.valkey import ValkeyEngine
from tests.integration.ratelimit.processes import contended
from tests.integration.valkey.servers import Cluster, Node, wait_until

PATIENT = 20.0
PROCESSES, TASKS, LIMIT = 3, 60, 40
DAY = Rule(algorithm=Algorithm.SLIDING_LOG, limit=LIMIT, period=86_400)
BUCKET = Rule(algorithm=Algorithm.TOKEN_BUCKET, limit=1, period=86_400, burst=LIMIT)
NARROW = Rule(algorithm=Algorithm.SLIDING_LOG, limit=LIMIT // 2, period=86_400)
NAMESPACES = [f"n{number}" for number in range(12)]
"""Of slots on all primaries."""


def limit(namespace: str, name: str, rule: Rule = DAY, fail_mode: FailMode = FailMode.CLOSED) -> Limit:
    policy = Policy(
        id=uuid.uuid5(uuid.NAMESPACE_OID, name),
        namespace=namespace,
        name=name,
        by=(),
        when={},
        rule=rule,
        fail_mode=fail_mode,
        is_shadow=False,
        priority=0,
        version=1,
    )
    return Limit(policy, rule, f"rl:{{{namespace}}}:{name}:", "")


def limiter_over(engine: ValkeyEngine) -> Limiter:
    return Limiter(engine, Fallback(1), Denials(), Leases(engine))


@pytest.fixture
async def engine(cluster: Cluster) -> AsyncIterator[ValkeyEngine]:
    engine = ValkeyEngine(open_valkey(cluster.url, timeout=PATIENT))
    await engine.load()
    yield engine
    await engine.close()


async def test_a_server_that_will_forget_is_told_of(
    engine: ValkeyEngine, caplog: pytest.LogCaptureFixture
) -> None:
    await engine.load()
    told = [record.getMessage() for record in caplog.records if "append-only" in record.getMessage()]
    assert len(set(told)) == 3, "each of the primaries, as the tests start them"


async def ask(limiter: Limiter, *limits: Limit, times: int = 1) -> list[Outcome]:
    return list(await asyncio.gather(*(limiter.check(Limits(limits), 1) for _ in range(times))))


def admitted(outcomes: list[Outcome]) -> int:
    return sum(outcome.is_allowed for outcome in outcomes)


async def contend(url: str) -> dict[str, int]:
    """One process of many: in each namespace it asks for one limit, and for two of which the narrower one denies."""
    engine = ValkeyEngine(open_valkey(url, timeout=PATIENT))
    limiter = limiter_over(engine)
    counts: dict[str, int] = {}

    async def contend_for(namespace: str) -> None:
        alone, wide = limit(namespace, "alone", BUCKET), limit(namespace, "wide", BUCKET)
        narrow = limit(namespace, "narrow", NARROW)
        counts[namespace] = admitted(await ask(limiter, alone, times=TASKS))
        outcomes = await ask(limiter, wide, narrow, times=TASKS)
        assert not any(outcome.is_degraded for outcome in outcomes)
        counts[f"{namespace} both"] = admitted(outcomes)

    await asyncio.gather(*map(contend_for, NAMESPACES))
    await engine.close()
    return counts


async def test_many_processes_admit_exactly_the_limit_in_every_shard(
    cluster: Cluster, engine: ValkeyEngine
) -> None:
    """Guarantees 6 and 7: of the wide limit as much is taken as the narrow one let in."""
    owners = {cluster.owner(slot_of(f"{{{name}}}")).port for name in NAMESPACES}
    assert len(owners) == 3
    counts = await contended(__name__, cluster.url, PROCESSES)
    limiter = limiter_over(engine)
    for name in NAMESPACES:
        assert sum(count[name] for count in counts) == LIMIT
        assert sum(count[f"{name} both"] for count in counts) == LIMIT // 2
        (wide,) = (await limiter.peek(Limits([limit(name, "wide", BUCKET)]), 1)).standings
        assert wide.remaining == LIMIT - LIMIT // 2


MOVED = [limit("moved", str(number), DAY) for number in range(12)]
SLOT = slot_of(MOVED[0].key)


def other_primary(cluster: Cluster) -> Node:
    source = cluster.owner(SLOT)
    return next(node for node in cluster.primaries() if node is not source)


async def test_a_slot_that_is_moved_under_load_loses_no_count(cluster: Cluster, engine: ValkeyEngine) -> None:
    """Guarantee 7, key by key as older clusters do it, to a node that lacks the function."""
    limiter, target = limiter_over(engine), other_primary(cluster)
    counts = dict.fromkeys(MOVED, 0)
    target.client.function_flush()

    async def load(asked: Limit) -> None:
        while True:
            (outcome,) = await ask(limiter, asked)
            assert not outcome.is_degraded
            if not outcome.is_allowed:
                return
            counts[asked] += 1
            await asyncio.sleep(0.002)

    async with asyncio.timeout(60):
        loads = [asyncio.create_task(load(asked)) for asked in MOVED]
        while not all(counts.values()):  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.001)
        await asyncio.to_thread(cluster.move, SLOT, target, lambda: wait_for_more(counts))
        assert sum(counts.values()) < LIMIT * len(MOVED), "it was moved under load"
        await asyncio.gather(*loads)
    assert set(counts.values()) == {LIMIT}


def wait_for_more(counts: dict[Limit, int]) -> None:
    before = sum(counts.values())
    wait_until(lambda: sum(counts.values()) > before)


async def test_holds_move_with_their_slot(cluster: Cluster, engine: ValkeyEngine) -> None:
    """Guarantee 9: what is reserved counts, whatever of it has been moved and lapses meanwhile, and is settled afterwards."""
    asked, limiter, reservations = limit("moved", "held"), limiter_over(engine), Reservations(engine)
    reserved, _ = await reservations.reserve("moved", Limits([asked]), LIMIT // 2, 60)
    lapsing, _ = await reservations.reserve("moved", Limits([asked]), LIMIT // 2, 1)
    assert reserved
    assert lapsing
    loop = asyncio.get_running_loop()
    held: list[int] = []

    def look() -> None:
        time.sleep(0.6)  # between the state and its holds one of them lapses
        peeked = asyncio.run_coroutine_threadsafe(limiter.peek(Limits([asked]), 1), loop)
        try:
            held.append(peeked.result().standings[0].held)
        except OverloadedError:
            held.append(LIMIT)

    await asyncio.to_thread(cluster.move, SLOT, other_primary(cluster), look)
    assert set(held) <= {LIMIT, LIMIT // 2}
    assert await reservations.settle(reserved, 1) == 1
    async with asyncio.timeout(PATIENT):
        while (standing := (await limiter.peek(Limits([asked]), 1)).standings[0]).held:  # noqa: ASYNC110 - Valkey's clock is waited for
            await asyncio.sleep(0.05)
    assert standing.remaining == LIMIT - 1


ASKING = 8


async def test_a_primary_that_is_killed_grants_no_more_than_its_replica_had_not_heard_of(
    cluster: Cluster,
) -> None:
    """Guarantee 12: what was answered and had not reached the replica, so at most what was asked at once, is granted again."""
    primary = next(node for node in cluster.primaries() if node.cluster("REPLICAS", node.id))
    replica = cluster.replica_of(primary)
    name = next(name for name in NAMESPACES if cluster.owner(slot_of(f"{{{name}}}")) is primary)
    asked, elsewhere = limit(name, "killed"), limit(elsewhere_than(cluster, primary), "living")
    engine = ValkeyEngine(open_valkey(cluster.url, timeout=0.25))
    await engine.load()
    limiter = limiter_over(engine)
    outcomes: list[Outcome] = []
    under_way = asyncio.Event()

    async def load() -> None:
        while not outcomes or outcomes[-1].is_allowed or outcomes[-1].is_degraded:
            outcomes.extend(await ask(limiter, asked))
            if len(outcomes) > LIMIT // 4:
                under_way.set()
            await asyncio.sleep(0)

    async with asyncio.timeout(60):
        loads = [asyncio.create_task(load()) for _ in range(ASKING)]
        await under_way.wait()
        primary.kill()
        (outcome,) = await ask(limiter, elsewhere)
        assert outcome.is_allowed
        assert not outcome.is_degraded
        await asyncio.to_thread(replica.cluster, "FAILOVER", "TAKEOVER")
        await asyncio.gather(*loads)
    assert any(outcome.is_degraded for outcome in outcomes)
    assert LIMIT - ASKING <= admitted(outcomes) <= LIMIT + ASKING
    await engine.close()


def elsewhere_than(cluster: Cluster, primary: Node) -> str:
    return next(name for name in NAMESPACES if cluster.owner(slot_of(f"{{{name}}}")) is not primary)
