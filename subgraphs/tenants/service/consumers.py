"""Consumers of tenants: put down, removed with all their keys, and made by the first key that names them."""

from collections.abc import Sequence
from uuid import UUID

from common.database import Database
from common.failpoints import failpoint
from common.tenancy import Tenancy
from subgraphs.tenants.domain.consumers import MOST, Consumer, NewConsumer, check_new_consumer
from subgraphs.tenants.domain.keys import ApiKey
from subgraphs.tenants.domain.tenants import Role
from subgraphs.tenants.domain.usage import Bucket, Window, check_window
from subgraphs.tenants.errors import ConsumerRemovedError, NotFoundError, PlanLimitError
from subgraphs.tenants.service.work import Work, working
from subgraphs.tenants.store import consumers, directory, feed, keys, usage


class Consumers:
    """The use cases of consumers."""

    def __init__(self, database: Database, tenancy: Tenancy) -> None:
        self._database = database
        self._tenancy = tenancy

    async def upsert(self, user_id: str, tenant_id: UUID, new: NewConsumer) -> Consumer:
        """The consumer of that external id: made, called otherwise, brought back, or as it was.

        Raises:
            as `working`, and InvalidInputError, PlanLimitError.
        """
        check_new_consumer(new)
        async with working(self._tenancy, user_id, tenant_id, Role.DEVELOPER, locked=True) as work:
            known = await consumers.find_consumer(work.transaction, new.external_id)
            if known is not None and known.removed_at is None and known.name == new.name:
                return known
            put = await _put(work, new, is_new=known is None or known.removed_at is not None)
            failpoint("consumers.upsert.before_commit")
        return put

    async def remove(self, user_id: str, id_: UUID) -> Consumer:
        """Let none of the consumer's keys count any more, and make none for it; its usage stays. Raises as `working`, and NotFoundError."""
        tenant_id = await self._tenant_of(user_id, id_)
        async with working(self._tenancy, user_id, tenant_id, Role.DEVELOPER, locked=True) as work:
            removed = await consumers.remove_consumer(work.transaction, id_)
            if removed is not None:
                await _revoke_keys(work, removed)
        return removed or (await self.find(user_id, [id_]))[id_]

    async def consumers(self, user_id: str, tenant_id: UUID, first: int, after: str | None) -> list[Consumer]:
        """The tenant's, by external id, after the one of `after`. Raises as `working`; so do the others."""
        async with working(self._tenancy, user_id, tenant_id) as work:
            return await consumers.consumers(work.transaction, first, after)

    async def keys(self, user_id: str, consumer: Consumer, first: int, before: UUID | None) -> list[ApiKey]:
        """The consumer's newest keys, made before the key `before`."""
        async with working(self._tenancy, user_id, consumer.tenant_id) as work:
            return await keys.keys(work.transaction, first, before, consumer.external_id)

    async def usage(self, user_id: str, consumer: Consumer, window: Window) -> list[Bucket]:
        """What the consumer has used. Raises InvalidInputError."""
        check_window(window)
        async with working(self._tenancy, user_id, consumer.tenant_id) as work:
            return await usage.buckets(work.transaction, window, consumer.external_id)

    async def find(self, user_id: str, ids: Sequence[UUID]) -> dict[UUID, Consumer]:
        """Those of the consumers whose tenants the user is a member of."""
        async with self._database.transaction() as transaction:
            return await directory.consumers(transaction, user_id, ids)

    async def holders(self, user_id: str, key_ids: Sequence[UUID]) -> dict[UUID, Consumer]:
        """The consumer of each of those keys whose tenants the user is a member of."""
        async with self._database.transaction() as transaction:
            return await directory.holders(transaction, user_id, key_ids)

    async def _tenant_of(self, user_id: str, id_: UUID) -> UUID:
        found = await self.find(user_id, [id_])
        if id_ not in found:
            raise NotFoundError("consumer")
        return found[id_].tenant_id


async def ensure_consumer(work: Work, external_id: str) -> None:
    """Let there be a consumer of that external id; the tenant is locked.

    Raises:
        ConsumerRemovedError, PlanLimitError
    """
    known = await consumers.find_consumer(work.transaction, external_id)
    if known is None:
        await _put(work, NewConsumer(external_id, external_id), is_new=True)
    elif known.removed_at is not None:
        raise ConsumerRemovedError(f"{external_id} was removed: put it down again first")


async def _put(work: Work, new: NewConsumer, *, is_new: bool) -> Consumer:
    if is_new and await consumers.count_consumers(work.transaction) >= MOST:
        raise PlanLimitError(f"A tenant has {MOST} consumers at most", limit=MOST)
    put = await consumers.put_consumer(work.transaction, work.tenant.id, new)
    await work.note("consumer.put", put.external_id, {"name": put.name})
    return put


async def _revoke_keys(work: Work, consumer: Consumer) -> None:
    hashes = await keys.revoke_keys_of(work.transaction, consumer.external_id)
    failpoint("consumers.remove.after_revoke")
    await work.note("consumer.remove", consumer.external_id, {"keys": len(hashes)})
    await feed.keys_changed(work.transaction, work.tenant.id, hashes)
    work.transaction.changed(keys.TOPIC, str(work.tenant.id))
    failpoint("consumers.remove.before_commit")
