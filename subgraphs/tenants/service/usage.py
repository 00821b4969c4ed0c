"""Usage: taken in once a batch, however often it is sent, and shown to those whose it is."""

from uuid import UUID

from common.database import Database
from common.failpoints import failpoint
from common.tenancy import Tenancy
from subgraphs.tenants.dataplane.control import UsageBatch
from subgraphs.tenants.domain.usage import Bucket, Quota, Window, check_window
from subgraphs.tenants.service.work import working
from subgraphs.tenants.store import usage


class UsageBook:
    """The use cases of usage."""

    def __init__(self, database: Database, tenancy: Tenancy) -> None:
        self._database = database
        self._tenancy = tenancy

    async def take(self, batch: UsageBatch) -> None:
        """Count the batch, unless it was counted before."""
        async with self._database.transaction() as transaction:
            if await usage.receive_batch(transaction, UUID(batch.id)):
                failpoint("usage.take.after_receive")
                await usage.add_usage(transaction, batch.usage)
            failpoint("usage.take.before_commit")

    async def buckets(self, user_id: str, tenant_id: UUID, window: Window) -> list[Bucket]:
        """What the tenant's APIs were used for. Raises as `working`, and InvalidInputError."""
        check_window(window)
        async with working(self._tenancy, user_id, tenant_id) as work:
            return await usage.buckets(work.transaction, window)

    async def quota(self, user_id: str, tenant_id: UUID) -> Quota:
        """How the month's quota stands. Raises as `working`."""
        async with working(self._tenancy, user_id, tenant_id) as work:
            used, resets_at = await usage.used_this_month(work.transaction)
            return Quota((await work.plan()).quota, used, resets_at)
