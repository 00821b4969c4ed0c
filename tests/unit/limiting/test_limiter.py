"""The rate limiter's client, over a limiter that answers as a test wants."""

import asyncio
import json
from typing import Any

import pytest

from common.http import ConnectError, Request, Response
from common.limiting import Check, Limiter, LimiterUnavailableError, LimitState, Verdict, rate_limit_headers
from common.settings import Secret

ALLOWED = {"allowed": True, "degraded": False, "limits": []}
DENIED = {"allowed": False, "degraded": False, "deniedBy": "per-key", "retryAfter": 3.0, "limits": []}
ADA = Check.of("tenants", {"key": "ada"})
BOB = Check.of("tenants", {"key": "bob"}, cost=2)


class Service:
    """A transport to a limiter; `requests` are the checks of each request."""

    url = "app://limiter"

    def __init__(self) -> None:
        self.requests: list[list[Any]] = []
        self.verdict: dict[str, Any] = ALLOWED
        self.status = 200
        self.is_down = False
        self.now = 0.0

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ARG002, ASYNC109 - the protocol's
        checks = json.loads(request.body)["checks"]
        self.requests.append(checks)
        await asyncio.sleep(0)
        if self.is_down:
            raise ConnectError
        return Response(self.status, (), json.dumps({"verdicts": [self.verdict] * len(checks)}).encode())

    async def close(self) -> None: ...

    def limiter(self) -> Limiter:
        return Limiter(self, Secret("token"), clock=lambda: self.now)


async def test_checks_of_one_moment_are_one_request() -> None:
    service = Service()
    limiter = service.limiter()
    verdicts = await asyncio.gather(limiter.decide(ADA), limiter.decide(BOB), limiter.decide(ADA))
    assert [verdict.allowed for verdict in verdicts] == [True] * 3
    assert service.requests == [
        [
            {"namespace": "tenants", "descriptor": {"key": "ada"}, "cost": 1},
            {"namespace": "tenants", "descriptor": {"key": "bob"}, "cost": 2},
            {"namespace": "tenants", "descriptor": {"key": "ada"}, "cost": 1},
        ]
    ]


async def test_a_denial_is_remembered_for_a_second_at_most() -> None:
    service = Service()
    limiter, service.verdict = service.limiter(), DENIED
    assert (await limiter.decide(ADA)).retry_after == 3
    service.now = 0.9
    assert (await limiter.decide(ADA)).retry_after == pytest.approx(2.1)
    assert len(service.requests) == 1
    service.now, service.verdict = 1.1, ALLOWED
    assert (await limiter.decide(ADA)).allowed
    assert (await limiter.decide(BOB)).allowed


async def test_a_denial_is_not_remembered_beyond_its_wait() -> None:
    service = Service()
    limiter, service.verdict = service.limiter(), {**DENIED, "retryAfter": 0.2}
    await limiter.decide(ADA)
    service.now, service.verdict = 0.3, ALLOWED
    assert (await limiter.decide(ADA)).allowed


@pytest.mark.parametrize("status", [401, 500, 503])
async def test_what_is_no_verdict_is_none(status: int) -> None:
    service = Service()
    service.status = status
    with pytest.raises(LimiterUnavailableError):
        await service.limiter().decide(ADA)


async def test_a_limiter_that_is_down_is_not_asked_for_a_while() -> None:
    service = Service()
    limiter, service.is_down = service.limiter(), True
    for _ in range(10):
        with pytest.raises(LimiterUnavailableError):
            await limiter.decide(ADA)
    assert len(service.requests) == 3
    service.is_down, service.now = False, 10.0
    assert (await limiter.decide(ADA)).allowed
    assert (await limiter.decide(ADA)).allowed


def test_headers_tell_no_shadow_and_never_too_early_a_time() -> None:
    states = (
        LimitState("per-key", 10, 0, 60.0, 2.3, window=60, quota=100),
        LimitState("per-month", 1000, 5, 1.1, 0.0),
        LimitState("slots", 2, 2, 0.0, 0.0, unit="concurrent-requests"),
        LimitState("trial", 1, 0, 9.0, 9.0, shadow=True),
    )
    headers = dict(rate_limit_headers(Verdict(allowed=False, limits=states, retry_after=2.3)))
    assert headers == {
        "ratelimit-policy": '"per-key";q=100;w=60, "per-month";q=1000, "slots";q=2;qu="concurrent-requests"',
        "ratelimit": '"per-key";r=0;t=3, "per-month";r=5;t=2, "slots";r=2;t=0',
        "retry-after": "3",
    }
