"""One library deciding, in a process of its own: `ratelimit_drivers.py NAME URL DECISIONS AT_ONCE` prints its CPU seconds.

It runs in the environment of the library that it drives, so it imports that only.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable

KEYS = 1_000
Decide = Callable[[str], Awaitable[object]]


async def main(name: str, url: str, decisions: int, at_once: int) -> None:
    decide = await PREPARE[name](url)
    names = [f"user-{i % KEYS}" for i in range(decisions)]
    await asyncio.gather(*(decide(f"warm-{i}") for i in range(at_once)))
    started, valkey_started = time.process_time(), valkey_cpu(url)
    remaining = iter(names)

    async def work() -> None:
        for key in remaining:
            await decide(key)

    await asyncio.gather(*(work() for _ in range(at_once)))
    spent = {"client": time.process_time() - started, "valkey": valkey_cpu(url) - valkey_started}
    sys.stdout.write(json.dumps(spent))


def valkey_cpu(url: str) -> float:
    """Seconds of CPU that the server has taken so far."""
    import redis

    with redis.Redis.from_url(url) as client:
        cpu = client.info("cpu")
    return float(cpu["used_cpu_user"]) + float(cpu["used_cpu_sys"])


async def hansa(url: str, *, limits: int = 1, burst: int = 1_000_000, leased: bool = False) -> Decide:
    import uuid

    from common.valkey import ValkeyLink
    from subgraphs.ratelimit.domain.matching import PolicySet
    from subgraphs.ratelimit.domain.policies import FailMode, Policy
    from subgraphs.ratelimit.domain.rules import Algorithm, Rule
    from subgraphs.ratelimit.engine.denials import Denials
    from subgraphs.ratelimit.engine.fallback import Fallback
    from subgraphs.ratelimit.engine.leases import Leases
    from subgraphs.ratelimit.engine.limiter import Limiter
    from subgraphs.ratelimit.engine.valkey import ValkeyEngine

    engine = ValkeyEngine(ValkeyLink(url, timeout=30))
    await engine.load()
    limiter = Limiter(engine, Fallback(1), Denials(), Leases(engine))
    rule = Rule(
        algorithm=Algorithm.TOKEN_BUCKET, limit=1_000_000 if burst > 1 else 1, period=3_600, burst=burst
    )
    made = [
        Policy(
            id=uuid.uuid4(),
            namespace="n",
            name=f"p{i}",
            by=() if leased else ("user",),
            when={},
            rule=rule,
            fail_mode=FailMode.CLOSED,
            is_shadow=False,
            is_leased=leased,
            priority=0,
            version=1,
        )
        for i in range(limits)
    ]
    policies = PolicySet(["n"], made, [])

    async def decide(key: str) -> object:
        outcome = await limiter.check(policies.limits("n", {"user": key}), 1)
        assert not outcome.is_degraded
        assert outcome.is_allowed or burst == 1
        return outcome

    if burst == 1:
        for i in range(KEYS):
            await decide(f"user-{i}")
    return decide


async def limits_library(url: str, strategy: str) -> Decide:
    from limits import RateLimitItemPerHour
    from limits.aio import strategies
    from limits.aio.storage import RedisStorage

    storage = RedisStorage("async+redis+" + url, implementation="redispy", max_connections=300)
    limiter = getattr(strategies, strategy)(storage)
    item = RateLimitItemPerHour(1_000_000)

    async def decide(key: str) -> object:
        assert await limiter.hit(item, key)
        return True

    return decide


async def throttled(url: str) -> Decide:
    from throttled.asyncio import RateLimiterType, Throttled, rate_limiter, store

    throttle = Throttled(
        using=RateLimiterType.GCRA.value,
        quota=rate_limiter.per_hour(1_000_000, burst=1_000_000),
        store=store.RedisStore(server=url, options={"MAX_CONNECTIONS": 300}),
    )

    async def decide(key: str) -> object:
        assert not (await throttle.limit(key)).limited
        return True

    return decide


PREPARE: dict[str, Callable[[str], Awaitable[Decide]]] = {
    "hansa": hansa,
    "hansa, 3 limits": lambda url: hansa(url, limits=3),
    "hansa, denied": lambda url: hansa(url, burst=1),
    "hansa, leased": lambda url: hansa(url, leased=True),
    "limits, fixed window": lambda url: limits_library(url, "FixedWindowRateLimiter"),
    "limits, moving window": lambda url: limits_library(url, "MovingWindowRateLimiter"),
    "throttled, gcra": throttled,
}

if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
