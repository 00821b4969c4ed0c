"""A tenant's life in processes that are killed: for each failpoint in the arguments one tenant is made and used, twice.

The first process is killed at the failpoint; the second does the same requests again, as a caller does who has had no answer.
"""

import contextlib
import hashlib
import sys
import time
import uuid
from uuid import UUID

from common.database import Database
from subgraphs.tenants.dataplane.control import Usage, UsageBatch
from subgraphs.tenants.domain.configurations import Rules, read_document
from subgraphs.tenants.domain.consumers import NewConsumer
from subgraphs.tenants.domain.crediting import NewCredit
from subgraphs.tenants.domain.keys import NewKey
from subgraphs.tenants.domain.plans import Overage, Plan, Price
from subgraphs.tenants.domain.tenants import Role
from subgraphs.tenants.errors import NotFoundError
from subgraphs.tenants.service.members import NewInvitation
from subgraphs.tenants.service.tenants import NewTenant
from subgraphs.tenants.service.use_cases import UseCases
from tests.integration.lanes import meet_cases

DOCUMENT = {
    "routes": [{"name": "orders", "upstream": "shop", "policy": "open"}],
    "upstreams": {"shop": {"targets": [{"url": "https://shop.example"}]}},
    "policies": {"open": {"key_required": False}},
}
PAID = Plan(
    name="paid",
    title="Paid",
    price=Price(3_000, "EUR"),
    quota=1_000,
    included=1,
    overage=Overage(1, 1),
    **dict.fromkeys(("rate", "burst", "concurrency", "keys", "members", "routes"), 10),
)
# so that there are months to close; each of the two runs may do it
AGE = """UPDATE terms SET since = now() - CASE plan WHEN 'paid' THEN interval '70 days' ELSE interval '71 days' END
    WHERE tenant_id = :tenant AND since > now() - interval '69 days'"""


class Publishing:
    """DNS in which there is what is published."""

    published: frozenset[str] = frozenset()

    async def texts(self, _: str) -> frozenset[str]:
        return self.published


async def live(url: str, kill: str) -> None:
    """Everything that a tenant can come through; each request may be asked any number of times."""
    slug = f"t{hashlib.sha256(kill.encode()).hexdigest()[:12]}"
    database = Database.open(url, schema="tenants")
    resolver = Publishing()
    use = UseCases.over(database, Rules("apis.example", inner_upstreams=False), resolver)
    id_ = await use.tenants.create("ada", NewTenant(slug, slug), slug)
    await use.tenants.rename("ada", id_, f"{slug} renamed")
    await use.tenants.put_plan(PAID)
    await use.tenants.set_plan("root", id_, PAID.name)
    for suspended in (True, False):
        await use.tenants.suspend("root", id_, suspended=suspended)
    await join(use, id_, "bob", Role.VIEWER)
    await use.members.set_role("ada", id_, "bob", Role.ADMIN)
    await join(use, id_, "cis", Role.VIEWER)
    with contextlib.suppress(NotFoundError):
        await use.members.remove("ada", id_, "cis")
    first = await use.keys.issue("ada", id_, NewKey(name="first", consumer="shop"), "1")
    second = await use.keys.roll("ada", first.key.id, 0, "2")
    await use.keys.revoke("ada", second.key.id)
    consumer = await use.consumers.upsert("ada", id_, NewConsumer("app", "The app"))
    await use.keys.issue("ada", id_, NewKey(name="third", consumer="app"), "4")
    await use.consumers.remove("ada", consumer.id)
    await use.configurations.apply("ada", id_, read_document(DOCUMENT))
    claim = await use.domains.add("ada", id_, f"{slug}.customer.example")
    resolver.published = frozenset({claim.record_value})
    await use.domains.verify("ada", id_, claim.host)
    with contextlib.suppress(NotFoundError):
        await use.domains.remove("ada", id_, claim.host)
    batch = str(uuid.uuid5(uuid.NAMESPACE_DNS, slug))
    hour = int(time.time() / 3600) - 60 * 24
    await use.usage.take(UsageBatch(batch, (Usage(str(id_), hour, "orders", requests=7),)))
    await use.credits.grant("root", id_, NewCredit(100, "for the trouble"), "3")
    async with database.transaction() as transaction:
        await transaction.execute(AGE, {"tenant": id_})
    while await use.billing.close(id_):
        pass
    await database.close()


async def join(use: UseCases, tenant_id: UUID, user_id: str, role: Role) -> None:
    invited = await use.members.invite("ada", tenant_id, NewInvitation(user_id, role), user_id)
    with contextlib.suppress(NotFoundError):
        await use.members.answer(user_id, invited.id, accept=True)


if __name__ == "__main__":
    meet_cases(sys.argv[1:], live)
