"""Demo data: plans to choose from, and two tenants that have nothing to do with one another."""

from collections.abc import Mapping
from typing import NamedTuple

from common.database import Database
from common.demo import DEMO_USERS
from common.settings import load
from common.tenancy import Tenancy
from subgraphs.tenants.domain.plans import Plan, Price
from subgraphs.tenants.service.tenants import NewTenant, Tenants
from subgraphs.tenants.settings import Settings

PLANS = (
    Plan(
        name="kontor",
        title="Kontor",
        price=Price(4_900, "EUR"),
        rate=50,
        burst=100,
        quota=1_000_000,
        concurrency=100,
        keys=50,
        members=20,
        routes=200,
    ),
    Plan(
        name="league",
        title="League",
        price=Price(49_000, "EUR"),
        rate=1_000,
        burst=2_000,
        quota=50_000_000,
        concurrency=1_000,
        keys=1_000,
        members=200,
        routes=2_000,
    ),
)


class DemoTenant(NamedTuple):
    owner: str
    new: NewTenant
    plan: str


TENANTS = (
    DemoTenant(str(DEMO_USERS[0].id), NewTenant("bergen", "Bergen Stockfish"), "kontor"),
    DemoTenant(str(DEMO_USERS[1].id), NewTenant("visby", "Visby Wool"), "free"),
)


async def load_demo(environment: Mapping[str, str]) -> None:
    """Adds what is missing; keys of idempotency keep it from adding anything twice."""
    settings = load(Settings, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service)
    tenants = Tenants(database, Tenancy(database))
    try:
        for plan in PLANS:
            await tenants.put_plan(plan)
        for owner, new, plan_name in TENANTS:
            id_ = await tenants.create(owner, new, f"demo {new.slug}")
            acting = await tenants.acting(owner, [id_])
            if acting[id_].tenant.plan != plan_name:
                await tenants.set_plan("demo", id_, plan_name)
    finally:
        await database.close()
