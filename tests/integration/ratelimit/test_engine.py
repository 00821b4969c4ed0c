"""The engine over a real Valkey: how many are admitted, by how many, and what it asks."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from common.valkey import ValkeyLink
from subgraphs.ratelimit.domain.matching import Limit, Limits
from subgraphs.ratelimit.domain.policies import FailMode, Policy
from subgraphs.ratelimit.domain.rules import Algorithm, Rule
from subgraphs.ratelimit.engine.denials import LONGEST, Denials
from subgraphs.ratelimit.engine.fallback import Fallback
from subgraphs.ratelimit.engine.leases import TTL, Leases
from subgraphs.ratelimit.engine.limiter import Limiter
from subgraphs.ratelimit.engine.valkey import ValkeyEngine
from tests.integration.ratelimit.processes import contended

PROCESSES, TASKS, LIMIT = 3, 150, 100
RULES = {
    "bucket": Rule(algorithm=Algorithm.TOKEN_BUCKET, limit=1, period=86_400, burst=LIMIT),
    "log": Rule(algorithm=Algorithm.SLIDING_LOG, limit=LIMIT, period=86_400),
    "counter": Rule(algorithm=Algorithm.SLIDING_COUNTER, limit=LIMIT, period=365 * 86_400),
    "window": Rule(algorithm=Algorithm.FIXED_WINDOW, limit=LIMIT, period=365 * 86_400),
}


def limit(
    rule: Rule, name: str = "p", fail_mode: FailMode = FailMode.LOCAL, *, is_leased: bool = False
) -> Limit:
    policy = Policy(
        id=uuid.uuid5(uuid.NAMESPACE_OID, name),
        namespace="n",
        name=name,
        by=(),
        when={},
        rule=rule,
        fail_mode=fail_mode,
        is_shadow=False,
        is_leased=is_leased,
        priority=0,
        version=1,
    )
    return Limit(policy, rule, f"rl:{{n}}:{name}:", "")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def engine(redis_url: str) -> AsyncIterator[ValkeyEngine]:
    engine = ValkeyEngine(ValkeyLink(redis_url, timeout=5))
    await engine.load()
    yield engine
    await engine.close()


@pytest.fixture
async def server(redis_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    """The server, to look at it past the engine."""
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def limiter(engine: ValkeyEngine, clock: Clock) -> Limiter:
    return Limiter(engine, Fallback(1), Denials(clock), Leases(engine, clock))


async def contend(url: str) -> dict[str, int]:
    """One process of many: its tasks all ask at once, each limit by itself and then all together."""
    engine = ValkeyEngine(ValkeyLink(url, timeout=30))
    limiter = Limiter(engine, Fallback(1), Denials(), Leases(engine))
    admitted = {}
    for name, rule in RULES.items():
        outcomes = await asyncio.gather(
            *(limiter.check(Limits([limit(rule, name)]), 1) for _ in range(TASKS))
        )
        assert not any(outcome.is_degraded for outcome in outcomes)
        admitted[name] = sum(outcome.is_allowed for outcome in outcomes)
    leased = Limits([limit(RULES["bucket"], "leased", is_leased=True)])
    outcomes = await asyncio.gather(*(limiter.check(leased, 1) for _ in range(TASKS)))
    admitted["leased"] = sum(outcome.is_allowed for outcome in outcomes)
    every = [limit(rule, f"all-{name}") for name, rule in RULES.items()]
    outcomes = await asyncio.gather(*(limiter.check(Limits(every), 1) for _ in range(TASKS)))
    admitted["all"] = sum(outcome.is_allowed for outcome in outcomes)
    await engine.close()
    return admitted


async def test_many_processes_admit_exactly_the_limit(redis_url: str) -> None:
    """Guarantee 7."""
    counts = await contended(__name__, redis_url, PROCESSES)
    for name in (*RULES, "leased", "all"):
        assert sum(count[name] for count in counts) == LIMIT, name


async def test_a_tick_is_one_call(limiter: Limiter, server: redis.asyncio.Redis) -> None:
    limits = [limit(RULES["bucket"], str(i)) for i in range(100)]
    await server.config_resetstat()
    await asyncio.gather(*(limiter.check(Limits([each]), 1) for each in limits))
    calls = (await server.info("commandstats"))["cmdstat_fcall"]["calls"]
    assert calls == 1


async def test_a_denial_is_remembered_until_there_can_be_room(
    limiter: Limiter, server: redis.asyncio.Redis, clock: Clock
) -> None:
    """Guarantee 11."""
    hour = limit(Rule(algorithm=Algorithm.TOKEN_BUCKET, limit=1, period=3_600, burst=5))
    assert (await limiter.check(Limits([hour]), 4)).is_allowed
    denied = await limiter.check(Limits([hour]), 3)
    await server.config_resetstat()
    clock.now += LONGEST / 2
    known = await limiter.check(Limits([hour]), 4)
    assert known.denied_by is hour
    assert known.wait == denied.wait - LONGEST / 2 * 1_000_000
    assert "cmdstat_fcall" not in await server.info("commandstats")
    assert (await limiter.check(Limits([hour]), 1)).is_allowed
    clock.now += LONGEST
    assert not (await limiter.check(Limits([hour]), 3)).is_allowed
    assert (await server.info("commandstats"))["cmdstat_fcall"]["calls"] == 2


async def test_what_is_given_back_here_is_admitted_at_once(limiter: Limiter) -> None:
    hour = limit(RULES["log"], "given")
    assert (await limiter.check(Limits([hour]), LIMIT)).is_allowed
    assert not (await limiter.check(Limits([hour]), 1)).is_allowed
    await limiter.refund(Limits([hour]), 1)
    assert (await limiter.check(Limits([hour]), 1)).is_allowed
    assert not (await limiter.check(Limits([hour]), 1)).is_allowed
    await limiter.reset(Limits([hour]))
    assert (await limiter.check(Limits([hour]), LIMIT)).is_allowed


async def test_a_server_that_was_emptied_gets_the_library_again(
    limiter: Limiter, engine: ValkeyEngine, server: redis.asyncio.Redis
) -> None:
    await server.function_delete(engine._library.name)
    outcome = await limiter.check(Limits([limit(RULES["log"], "emptied")]), 1)
    assert outcome.is_allowed
    assert not outcome.is_degraded


FAST = Rule(algorithm=Algorithm.TOKEN_BUCKET, limit=1_000_000, period=3_600, burst=10_000)


async def test_a_hot_key_is_asked_for_seldom_and_charged_for_all_that_is_spent(
    limiter: Limiter, server: redis.asyncio.Redis
) -> None:
    """Guarantee 15."""
    hot = Limits([limit(FAST, "hot", is_leased=True)])
    await server.config_resetstat()
    outcomes = [await limiter.check(hot, 1) for _ in range(600)]
    assert all(outcome.is_allowed for outcome in outcomes)
    assert (await server.info("commandstats"))["cmdstat_fcall"]["calls"] < 20
    taken = FAST.burst - (await limiter.peek(hot, 1)).standings[0].remaining
    assert taken >= 600 - 300 * 20  # what was refilled meanwhile, on however slow a machine


async def test_what_a_lease_did_not_spend_in_its_time_is_not_spent_later(
    limiter: Limiter, engine: ValkeyEngine, clock: Clock
) -> None:
    leases = Leases(engine, clock)
    hot = limit(FAST, "late", is_leased=True)
    for _ in range(4):
        assert await leases.spend(hot, 1) is None
    before = leases._leases[hot.key]
    assert before.tokens > 0
    clock.now += TTL
    assert await leases.spend(hot, 1) is None
    after = leases._leases[hot.key]
    assert after.until == clock.now + TTL
    assert after.tokens < before.size
    del limiter


async def test_a_lease_is_never_more_than_is_refilled_in_its_time(engine: ValkeyEngine, clock: Clock) -> None:
    leases, slow = Leases(engine, clock), limit(RULES["bucket"], "slow", is_leased=True)
    for _ in range(10):
        assert await leases.spend(slow, 1) is None
        assert leases._leases[slow.key].tokens == 0


async def test_what_another_limit_denies_is_not_spent(limiter: Limiter) -> None:
    hot, narrow = limit(FAST, "hot-of-two", is_leased=True), limit(RULES["log"], "narrow")
    both = Limits([hot, narrow])
    assert (await limiter.check(both, LIMIT)).is_allowed
    for _ in range(2):
        assert (await limiter.check(both, 1)).denied_by is narrow
        limiter._denials.clear()
        lease = limiter._leases._leases[hot.key]
        assert lease.tokens == lease.size
