"""Customers' own domains: claimed, proved, looked at again and again, and given up.

DNS is asked between two transactions. What it says settles all claims to a host at once, of which one is served at most.
"""

import logging
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.tenancy import Tenancy
from subgraphs.tenants.domain.domains import (
    GRACE,
    LABEL,
    MOST,
    Domain,
    Standing,
    check_host,
    new_token,
)
from subgraphs.tenants.domain.tenants import Role
from subgraphs.tenants.errors import DomainNotProvedError, DomainTakenError, NotFoundError, PlanLimitError
from subgraphs.tenants.resolver import Resolver, ResolverUnavailableError
from subgraphs.tenants.service.work import working
from subgraphs.tenants.store import audit, domains, feed

INTERVAL = timedelta(hours=6)
BATCH = 10
_ACTOR = "platform"

_log = logging.getLogger("hansa.tenants")


class Domains:
    """The use cases of domains; `turn` is called now and then, by any number of processes."""

    def __init__(self, database: Database, tenancy: Tenancy, resolver: Resolver, platform: str) -> None:
        self._database = database
        self._tenancy = tenancy
        self._resolver = resolver
        self._platform = platform

    async def domains(self, user_id: str, tenant_id: UUID) -> list[Domain]:
        """All that the tenant has claimed, by name. Raises as `working`; so do all others."""
        async with working(self._tenancy, user_id, tenant_id) as work:
            return await domains.domains(work.transaction)

    async def add(self, user_id: str, tenant_id: UUID, host: str) -> Domain:
        """Claim a host; asked again, it is the same claim. Others may claim it, too. Raises InvalidInputError, PlanLimitError."""
        check_host(host, self._platform)
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN, locked=True) as work:
            claimed = await domains.domains(work.transaction)
            for claim in claimed:
                if claim.host == host:
                    return claim
            if len(claimed) >= MOST:
                raise PlanLimitError(f"A tenant has {MOST} domains at most", limit=MOST)
            added = await domains.add_domain(work.transaction, tenant_id, host, new_token())
            await work.note("domain.add", host)
            failpoint("domains.add.before_commit")
        return added

    async def remove(self, user_id: str, tenant_id: UUID, host: str) -> None:
        """Give a host up; it is served no more. Raises NotFoundError."""
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN) as work:
            if not await domains.remove_domain(work.transaction, host):
                raise NotFoundError("domain")
            await work.note("domain.remove", host)
            await feed.tenant_changed(work.transaction, tenant_id)
            failpoint("domains.remove.before_commit")

    async def verify(self, user_id: str, tenant_id: UUID, host: str) -> Domain:
        """Look whether the host proves itself, and serve it if so.

        Raises:
            NotFoundError: the tenant has not claimed it.
            DomainNotProvedError: there is no such record, or DNS does not say.
            DomainTakenError: another tenant has it, and proves it still.
        """
        async with working(self._tenancy, user_id, tenant_id, Role.ADMIN) as work:
            claim = await domains.find_domain(work.transaction, host)
        if claim is None:
            raise NotFoundError("domain")
        try:
            texts = await self._resolver.texts(claim.record_name)
        except ResolverUnavailableError as error:
            raise DomainNotProvedError(f"DNS cannot be asked now: {error}") from error
        if not claim.is_proved_by(texts):
            raise DomainNotProvedError(
                f"There is no TXT record {claim.record_name} with {claim.record_value}"
            )
        async with self._database.transaction() as transaction:
            settled = await _settle(transaction, host, texts, user_id, claimant=tenant_id)
            failpoint("domains.verify.before_commit")
        if settled is None:
            raise NotFoundError("domain")
        return settled

    async def turn(self) -> None:
        """Look at some hosts that were not looked at for long. Raises RetryableError."""
        async with self._database.transaction() as transaction:
            due = await domains.take_due(transaction, INTERVAL, BATCH)
        for host in due:
            try:
                texts = await self._resolver.texts(f"{LABEL}.{host}")
            except ResolverUnavailableError as error:
                _log.warning("Whether %s proves itself is not known: %s", host, error)
                continue  # which says nothing of the domain
            async with self._database.transaction() as transaction:
                await _settle(transaction, host, texts, _ACTOR)


async def _settle(
    transaction: Transaction, host: str, texts: Collection[str], actor: str, claimant: UUID | None = None
) -> Domain | None:
    """Let the host be whose it is by `texts`; the claim of `claimant`, which has just proved it."""
    claims = {claim.tenant_id: claim for claim in await domains.claims_of(transaction, host)}
    mine = claims.get(claimant) if claimant is not None else None
    for claim in claims.values():
        if claim.verified_at is None or claim is mine:
            continue
        if mine is not None and claim.is_proved_by(texts):
            raise DomainTakenError(f"{host} is another tenant's, and proves itself as that")
        await _look_again(
            transaction, claim, actor, is_proved=claim.is_proved_by(texts), is_lost=mine is not None
        )
    if mine is None:
        return None
    settled = await domains.settle(transaction, mine, is_verified=True)
    if mine.standing is not Standing.VERIFIED:
        await _tell(transaction, mine, actor, "domain.verify", is_served_otherwise=mine.verified_at is None)
    return settled


async def _look_again(
    transaction: Transaction, claim: Domain, actor: str, *, is_proved: bool, is_lost: bool
) -> None:
    """A host that was proved before: it is still, or fails, or is dropped once it has failed for too long or is another's."""
    if is_proved:
        await domains.settle(transaction, claim, is_verified=True)
        if claim.standing is Standing.FAILING:
            await _tell(transaction, claim, actor, "domain.recover")
    elif is_lost or await domains.is_over(transaction, claim, GRACE):
        await domains.settle(transaction, claim, is_verified=False)
        await _tell(transaction, claim, actor, "domain.drop", is_served_otherwise=True)
    else:
        await domains.settle(transaction, claim, is_verified=True, is_failing=True)
        if claim.standing is Standing.VERIFIED:
            await _tell(transaction, claim, actor, "domain.fail")


async def _tell(
    transaction: Transaction, claim: Domain, actor: str, action: str, *, is_served_otherwise: bool = False
) -> None:
    """Write it down where the tenant's administrators see it, and tell data planes what they serve otherwise."""
    told = actor if action == "domain.verify" else _ACTOR
    await audit.note(transaction, claim.tenant_id, actor=told, action=action, subject=claim.host)
    if is_served_otherwise:
        await feed.tenant_changed(transaction, claim.tenant_id)
