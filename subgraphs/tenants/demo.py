"""Demo data: plans to choose from, and two tenants that have nothing to do with one another, each with an API and a key."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from common.database import Database
from common.demo import DEMO_USERS
from common.settings import load
from common.tenancy import Tenancy
from subgraphs.tenants.domain.configurations import Document, Rules, read_document
from subgraphs.tenants.domain.consumers import NewConsumer
from subgraphs.tenants.domain.crediting import NewCredit
from subgraphs.tenants.domain.keys import NewKey, hash_of, text_of
from subgraphs.tenants.domain.plans import Overage, Plan, Price
from subgraphs.tenants.service.tenants import NewTenant
from subgraphs.tenants.service.use_cases import UseCases
from subgraphs.tenants.settings import Settings
from subgraphs.tenants.store import consumers, keys

PLANS = (
    Plan(
        name="kontor",
        title="Kontor",
        price=Price(4_900, "EUR"),
        rate=50,
        burst=100,
        quota=1_000_000,
        included=500_000,
        overage=Overage(200, 100_000),
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
        included=20_000_000,
        overage=Overage(100, 100_000),
        concurrency=1_000,
        keys=1_000,
        members=200,
        routes=2_000,
    ),
)


class DemoTenant(NamedTuple):
    """`key_id` is that of a key which is public, as the demo users' password is: its 32 bytes are the slug and zeros."""

    owner: str
    new: NewTenant
    plan: str
    key_id: UUID

    @property
    def secret(self) -> str:
        return text_of(self.new.slug.encode().ljust(32, b"\0"))


TENANTS = (
    DemoTenant(
        str(DEMO_USERS[0].id),
        NewTenant("bergen", "Bergen Stockfish"),
        "kontor",
        UUID("0199d3a0-0000-7000-8000-00000000be01"),
    ),
    DemoTenant(
        str(DEMO_USERS[1].id),
        NewTenant("visby", "Visby Wool"),
        "free",
        UUID("0199d3a0-0000-7000-8000-00000000be02"),
    ),
)


def document(router: str) -> Document:
    """An API that is the platform's own graph, for who has a key; whether it is well needs none."""
    return read_document(
        {
            "routes": [
                {"name": "graph", "prefix": "/graphql", "upstream": "router", "policy": "keyed"},
                {"name": "health", "prefix": "/health", "upstream": "router", "policy": "open"},
            ],
            "upstreams": {"router": {"targets": [{"url": f"http://{router}"}]}},
            "policies": {
                "keyed": {"limits": {}},
                "open": {"key_required": False},
            },
        }
    )


async def load_demo(environment: Mapping[str, str]) -> None:
    """Adds what is missing."""
    settings = load(Settings, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service)
    use = UseCases.over(database, Rules(settings.domain, inner_upstreams=True))
    try:
        for plan in PLANS:
            if plan not in await use.tenants.plans():
                await use.tenants.put_plan(plan)
        for tenant in TENANTS:
            await _add(tenant, use, Tenancy(database), environment.get("HANSA_LISTEN", "router:4000"))
    finally:
        await database.close()


async def _add(demo: DemoTenant, use: UseCases, tenancy: Tenancy, router: str) -> None:
    id_ = await use.tenants.create(demo.owner, demo.new, f"demo {demo.new.slug}")
    tenant = (await use.tenants.acting(demo.owner, [id_]))[id_].tenant
    if tenant.plan != demo.plan:
        await use.tenants.set_plan("demo", id_, demo.plan)
    if tenant.config_version is None:
        await use.configurations.apply(demo.owner, id_, document(router))
    await use.credits.grant("demo", id_, NewCredit(1_000, "Welcome to the demo"), "demo")
    async with tenancy.transaction(id_) as transaction:
        if await keys.find_key(transaction, demo.key_id) is None:
            await consumers.put_consumer(transaction, id_, NewConsumer("demo", "Whoever reads the docs"))
            new = NewKey(name="Demo", consumer="demo")
            key_hash = hash_of(demo.secret)
            assert key_hash is not None
            await keys.add_key(
                transaction, id_, demo.key_id, new, secret=demo.secret, key_hash=key_hash, by=demo.owner
            )
