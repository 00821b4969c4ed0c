"""Guarantee 14 of tenants' README: what a plan allows is in the rate limiter soon, for each tenant its own."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from common.app import running
from common.database import migrate
from common.http import open_transport
from subgraphs.ratelimit.app import service as ratelimit
from subgraphs.tenants.domain.plans import Overage, Plan, Price
from tests.integration.tenants.conftest import Hall, opened
from tests.unit.auth.conftest import Issuer

TOKEN = "the-limiters"
SET_PLAN = 'mutation ($tenant: ID!) { setPlan(tenantId: $tenant, plan: "kontor") { ... on Plan { name } } }'
ADMIN = ("root", "tenants:admin")
KONTOR = {"rate": 50, "burst": 100, "quota": 1_000_000}


@pytest.fixture
async def limited(
    environment: Mapping[str, str], redis_url: str, issuer: Issuer
) -> AsyncIterator[tuple[Hall, Hall]]:
    """The control plane beside a rate limiter, and that one's doors."""
    await migrate(environment["DATABASE_URL"], schema=ratelimit.name, scripts=ratelimit.migrations)
    given = {
        **environment,
        "REDIS_URL": redis_url,
        "HANSA_RATELIMIT_TOKEN": TOKEN,
        "HANSA_RATELIMIT_URL": "app://ratelimit/",
        "HANSA_RATELIMIT_TIMEOUT_MS": "1000",
    }
    app = ratelimit.create_app(given)
    app.state.apps = {"issuer": issuer, "ratelimit": app}
    doors = open_transport("app://ratelimit", apps=app.state.apps)
    async with running(app), opened(given, issuer, {"ratelimit": app}) as hall:
        yield hall, Hall(app, issuer, hall.database, doors, doors)
    await doors.close()


async def limits(limiter: Hall, tenant: str) -> dict[str, int]:
    asked = {"namespace": "tenants", "descriptor": {"tenant": tenant, "plan": "default"}}
    answer = await limiter.post("/v1/limits:peek", asked, f"Bearer {TOKEN}")
    if answer.status == 404:
        return {}  # the namespace is not declared yet
    found: dict[str, Any] = await limiter.call("/v1/limits:peek", token=TOKEN, **asked)
    return {each["policy"]: each["limit"] for each in found["limits"]}


async def become(limiter: Hall, tenant: str, expected: dict[str, int]) -> None:
    async with asyncio.timeout(30):
        while await limits(limiter, tenant) != expected:  # noqa: ASYNC110 - it watches a service
            await asyncio.sleep(0.05)


async def test_a_plans_limits_are_the_tenants(limited: tuple[Hall, Hall]) -> None:
    hall, limiter = limited
    bergen, visby = await hall.create("bergen"), await hall.create("visby")
    free = {"rate": 20, "quota": 10_000}
    for tenant in (bergen, visby):
        await become(limiter, tenant, free)
    plan = Plan(
        name="kontor",
        title="Kontor",
        price=Price(1, "EUR"),
        **KONTOR,
        included=0,
        overage=Overage(0, 1),
        concurrency=1,
        keys=1,
        members=1,
        routes=1,
    )
    await hall.use.tenants.put_plan(plan)
    await hall.get(SET_PLAN, *ADMIN, tenant=bergen)
    await become(limiter, bergen, {"rate": 100, "quota": 1_000_000})
    assert await limits(limiter, visby) == free
    await hall.use.tenants.put_plan(Plan(**{**_members(plan), "quota": 7}))
    await become(limiter, bergen, {"rate": 100, "quota": 7})


def _members(plan: Plan) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in plan.__struct_fields__}
