"""What data planes are told, and tell: configurations and keys that changed, and usage."""

from uuid import UUID

from common.database import Database, Transaction
from subgraphs.tenants.dataplane.config import Configuration
from subgraphs.tenants.dataplane.control import Changes
from subgraphs.tenants.domain.configurations import Owner, Rules, compiled
from subgraphs.tenants.domain.plans import Plan
from subgraphs.tenants.store import configurations, feed, plans
from subgraphs.tenants.store.configurations import Served

BATCH = 1_000


class DataPlanes:
    """Works for all tenants, in transactions of the platform."""

    def __init__(self, database: Database, rules: Rules) -> None:
        self._database = database
        self._rules = rules

    async def changes(self, after: int) -> Changes:
        """What has changed after the change number `after`; everything when that is 0, or too long ago to be known."""
        async with self._database.transaction() as transaction:
            changed = await feed.read(transaction, after, BATCH) if after else None
            if changed is None:
                # what is read after the number may be newer, and is then told once more
                sequence = await feed.last(transaction)
                serving, _ = await self._configurations(transaction, None)
                return Changes(sequence, serving, is_whole=True)
            serving, gone = await self._configurations(transaction, changed.tenants)
        return Changes(changed.sequence, serving, gone, tuple(each.hex() for each in changed.keys))

    async def _configurations(
        self, transaction: Transaction, ids: frozenset[UUID] | None
    ) -> tuple[tuple[Configuration, ...], tuple[str, ...]]:
        """The configurations of those tenants, or of all; and those of them that are not served."""
        if ids is not None and not ids:
            return (), ()
        served = list(await configurations.serving(transaction, ids))
        owned = {plan.name: plan for plan in await plans.plans(transaction)}
        ready = [each for each in served if each.document is not None and not each.tenant.is_suspended]
        gone = {each.tenant.id for each in served} - {each.tenant.id for each in ready}
        ready_ones = tuple(self._compile(each, owned[each.tenant.plan]) for each in ready)
        return ready_ones, tuple(str(id_) for id_ in gone)

    def _compile(self, served: Served, plan: Plan) -> Configuration:
        tenant = served.tenant
        assert served.document is not None
        assert tenant.config_version is not None
        owner = Owner(tenant.id, tenant.slug, plan, served.domains)
        return compiled(served.document, owner, tenant.config_version, self._rules)
