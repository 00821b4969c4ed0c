"""API keys of tenants: issued, rolled, revoked. A key's text is given once, to who asked for it, and kept nowhere."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from common.database import Database
from common.failpoints import failpoint
from common.idempotency import once
from common.ids import new_id
from common.inputs import InvalidInputError, check_idempotency_key
from common.tenancy import Tenancy
from subgraphs.tenants.dataplane.config import KeyFacts
from subgraphs.tenants.domain.keys import (
    ApiKey,
    NewKey,
    check_new_key,
    check_overlap,
    hash_of,
    new_secret,
)
from subgraphs.tenants.domain.tenants import Role
from subgraphs.tenants.errors import KeyEndedError, NotFoundError, PlanLimitError
from subgraphs.tenants.service.consumers import ensure_consumer
from subgraphs.tenants.service.work import Work, working
from subgraphs.tenants.store import directory, feed, keys


class IssuedKey(Struct, frozen=True):
    """A new key; `secret` is its text, None where the request was answered before."""

    key: ApiKey
    secret: str | None


class _Roll(Struct, frozen=True):
    id: UUID
    overlap: int


class Keys:
    """The use cases of keys."""

    def __init__(self, database: Database, tenancy: Tenancy) -> None:
        self._database = database
        self._tenancy = tenancy

    async def issue(self, user_id: str, tenant_id: UUID, new: NewKey, idempotency_key: str) -> IssuedKey:
        """A new key of the tenant; its consumer is made if there is none of that external id.

        Raises:
            as `working`, and InvalidInputError, PlanLimitError, ConsumerRemovedError, IdempotencyMismatch.
        """
        check_new_key(new)
        check_idempotency_key(idempotency_key)
        async with working(self._tenancy, user_id, tenant_id, Role.DEVELOPER, locked=True) as work:
            issuing = _Issuing(work)
            id_ = await once(
                work.transaction,
                scope=work.idempotency_scope("issueKey"),
                key=idempotency_key,
                request=new,
                run=lambda: issuing.issue(new),
                result=UUID,
            )
            return await issuing.result(id_)

    async def roll(self, user_id: str, id_: UUID, overlap: int, idempotency_key: str) -> IssuedKey:
        """Another key in the place of the one of that id, which counts for `overlap` seconds more and no longer.

        Raises:
            as `working`, and NotFoundError, KeyEndedError, InvalidInputError, PlanLimitError, IdempotencyMismatch.
        """
        lasting = check_overlap(overlap)
        check_idempotency_key(idempotency_key)
        tenant_id = await self._tenant_of(user_id, id_)
        async with working(self._tenancy, user_id, tenant_id, Role.DEVELOPER, locked=True) as work:
            issuing = _Issuing(work)
            new_key = await once(
                work.transaction,
                scope=work.idempotency_scope("rollKey"),
                key=idempotency_key,
                request=_Roll(id_, overlap),
                run=lambda: issuing.roll(id_, lasting),
                result=UUID,
            )
            return await issuing.result(new_key)

    async def revoke(self, user_id: str, id_: UUID) -> ApiKey:
        """Let a key count no more; one that has ended already is as it was. Raises as `working`, and NotFoundError."""
        tenant_id = await self._tenant_of(user_id, id_)
        async with working(self._tenancy, user_id, tenant_id, Role.DEVELOPER) as work:
            ended = await keys.revoke_key(work.transaction, id_)
            if ended is None:
                return await _require(work, id_)
            revoked, key_hash = ended
            await work.note("key.revoke", id_, {"name": revoked.name})
            await feed.keys_changed(work.transaction, tenant_id, [key_hash])
            work.transaction.changed(keys.TOPIC, str(tenant_id))
            failpoint("keys.revoke.before_commit")
        return revoked

    async def keys(self, user_id: str, tenant_id: UUID, first: int, before: UUID | None) -> list[ApiKey]:
        """The tenant's newest keys, made before the key `before`. Raises as `working`."""
        async with working(self._tenancy, user_id, tenant_id) as work:
            return await keys.keys(work.transaction, first, before)

    async def find(self, user_id: str, ids: Sequence[UUID]) -> dict[UUID, ApiKey]:
        """Those of the keys whose tenants the user is a member of."""
        async with self._database.transaction() as transaction:
            return await directory.keys(transaction, user_id, ids)

    async def facts(self, key_hash: bytes) -> KeyFacts | None:
        """What is known of a key of any tenant, which may have expired; None if it does not count for another reason."""
        async with self._database.transaction() as transaction:
            return await keys.find_facts(transaction, key_hash)

    async def _tenant_of(self, user_id: str, id_: UUID) -> UUID:
        found = await self.find(user_id, [id_])
        if id_ not in found:
            raise NotFoundError("key")
        return found[id_].tenant_id


class _Issuing:
    """One request for a key: `secret` is known only where it is made."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._secret: str | None = None

    async def issue(self, new: NewKey) -> UUID:
        most = (await self._work.plan()).keys
        if await keys.count_live(self._work.transaction) >= most:
            raise PlanLimitError(f"The plan {self._work.tenant.plan} has {most} keys", limit=most)
        await ensure_consumer(self._work, new.consumer)
        made = await self._add(new)
        await self._work.note("key.issue", made.id, {"name": made.name, "consumer": made.consumer})
        failpoint("keys.issue.before_commit")
        return made.id

    async def roll(self, id_: UUID, overlap: timedelta) -> UUID:
        """The new key does not count towards the plan's: the old one is about to end."""
        before = await _require(self._work, id_)
        ended = await keys.end_key(self._work.transaction, id_, overlap)
        if ended is None:
            raise KeyEndedError("The key was revoked or has expired: issue another one")
        new = NewKey(
            name=before.name,
            consumer=before.consumer,
            plan=before.plan,
            scopes=before.scopes,
            expires_at=before.expires_at,
        )
        made = await self._add(new, rolled_from=id_)
        await self._work.note("key.roll", id_, {"name": before.name, "to": str(made.id)})
        failpoint("keys.roll.before_feed")
        await feed.keys_changed(self._work.transaction, self._work.tenant.id, [ended[1]])
        failpoint("keys.roll.before_commit")
        return made.id

    async def result(self, id_: UUID) -> IssuedKey:
        return IssuedKey(await _require(self._work, id_), self._secret)

    async def _add(self, new: NewKey, rolled_from: UUID | None = None) -> ApiKey:
        self._secret = new_secret()
        key_hash = hash_of(self._secret)
        assert key_hash is not None
        added = await keys.add_key(
            self._work.transaction,
            self._work.tenant.id,
            new_id(),
            new,
            secret=self._secret,
            key_hash=key_hash,
            by=self._work.user_id,
            rolled_from=rolled_from,
        )
        if added is None:
            raise InvalidInputError("expiresAt", "is over already")
        self._work.transaction.changed(keys.TOPIC, str(self._work.tenant.id))
        return added


async def _require(work: Work, id_: UUID) -> ApiKey:
    found = await keys.find_key(work.transaction, id_)
    if found is None:
        raise NotFoundError("key")
    return found
