"""Configurations: shown, tried, applied and brought back. Each that is applied is a version of its own, which never changes."""

from uuid import UUID

from msgspec import Struct

from common.failpoints import failpoint
from common.tenancy import Tenancy
from subgraphs.tenants.domain.configurations import (
    Document,
    Owner,
    Rules,
    Version,
    check_document,
    checksum_of,
)
from subgraphs.tenants.domain.differences import Difference, differences
from subgraphs.tenants.domain.tenants import Role
from subgraphs.tenants.errors import ConflictError, NotFoundError
from subgraphs.tenants.service.work import Work, working
from subgraphs.tenants.store import configurations, domains, feed, tenants

TOPIC = "configuration"


class Applied(Struct, frozen=True):
    """The version that is served now, or still, and how the document differs from what was served before."""

    version: Version | None
    differences: list[Difference]


class Configurations:
    """The use cases of configurations."""

    def __init__(self, tenancy: Tenancy, rules: Rules) -> None:
        self._tenancy = tenancy
        self._rules = rules

    async def apply(
        self,
        user_id: str,
        tenant_id: UUID,
        document: Document,
        *,
        dry_run: bool = False,
        expected: int | None = None,
    ) -> Applied:
        """Serve the tenant by the document from now on; `dry_run` only tells what would change.

        A document that is served already makes no version, so that asking again does nothing again.

        Raises:
            as `working`, and ConfigurationError: all that is wrong with it.
            ConflictError: another version is served than the `expected` one, which is 0 before there is any.
        """
        async with working(self._tenancy, user_id, tenant_id, Role.DEVELOPER, locked=not dry_run) as work:
            served = work.tenant.config_version
            if expected is not None and expected != (served or 0):
                raise ConflictError(f"Version {served or 0} is served, not {expected}")
            return await self._serve(work, document, dry_run=dry_run)

    async def rollback(self, user_id: str, tenant_id: UUID, version: int) -> Applied:
        """Serve what an older version was, as a new version.

        Raises:
            as `working`, and NotFoundError; ConfigurationError: it is not allowed any more.
        """
        async with working(self._tenancy, user_id, tenant_id, Role.DEVELOPER, locked=True) as work:
            found = await configurations.find_version(work.transaction, version)
            if found is None:
                raise NotFoundError("version")
            return await self._serve(work, found.document, restored=version)

    async def current(self, user_id: str, tenant_id: UUID) -> Version | None:
        """The version that is served. Raises as `working`; so does `versions`."""
        async with working(self._tenancy, user_id, tenant_id) as work:
            return await _served(work)

    async def versions(self, user_id: str, tenant_id: UUID, first: int, before: int | None) -> list[Version]:
        """The newest versions, older than `before`."""
        async with working(self._tenancy, user_id, tenant_id) as work:
            return await configurations.versions(work.transaction, first, before)

    async def _serve(
        self, work: Work, document: Document, *, dry_run: bool = False, restored: int | None = None
    ) -> Applied:
        tenant = work.tenant
        proved = await domains.verified_hosts(work.transaction)
        check_document(document, Owner(tenant.id, tenant.slug, await work.plan(), proved), self._rules)
        served = await _served(work)
        changes = differences(served.document if served else None, document)
        checksum = checksum_of(document)
        if dry_run or (served is not None and served.checksum == checksum):
            return Applied(served, changes)
        version = await configurations.add_version(
            work.transaction, tenant.id, document, checksum=checksum, by=work.user_id, restored=restored
        )
        failpoint("configurations.apply.after_version")
        await tenants.change_tenant(work.transaction, config_version=version.version)
        detail = {"from": tenant.config_version, "to": version.version, "restored": restored}
        await work.note("config.apply" if restored is None else "config.rollback", version.version, detail)
        failpoint("configurations.apply.before_feed")
        await feed.tenant_changed(work.transaction, tenant.id)
        work.transaction.changed(TOPIC, str(tenant.id))
        failpoint("configurations.apply.before_commit")
        return Applied(version, changes)


async def _served(work: Work) -> Version | None:
    version = work.tenant.config_version
    return None if version is None else await configurations.find_version(work.transaction, version)
