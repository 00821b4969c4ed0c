"""Configurations in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
import strawberry
from strawberry.scalars import JSON

from subgraphs.tenants.api.context import Info, parse_tenant_id
from subgraphs.tenants.api.results import TenantConflict
from subgraphs.tenants.dataplane.checking import ConfigurationError
from subgraphs.tenants.domain.configurations import Version, read_document
from subgraphs.tenants.domain.differences import Difference as DomainDifference
from subgraphs.tenants.domain.differences import Kind
from subgraphs.tenants.errors import ConflictError
from subgraphs.tenants.service.configurations import Applied

strawberry.enum(Kind, name="ConfigDifferenceKind")


@strawberry.type(description="A configuration as it was applied; it never changes.")
class ConfigVersion:
    version: int
    checksum: str = strawberry.field(description="The SHA-256 of the document as it is kept.")
    document: JSON = strawberry.field(description="Hosts, routes, upstreams, policies and plans.")
    restored: int | None = strawberry.field(description="The older version that it brought back.")
    created_by: strawberry.ID
    created_at: datetime

    @classmethod
    def of(cls, version: Version) -> "ConfigVersion":
        return cls(
            version=version.version,
            checksum=version.checksum,
            document=msgspec.to_builtins(version.document),
            restored=version.restored,
            created_by=strawberry.ID(version.created_by),
            created_at=version.created_at,
        )


@strawberry.type(
    name="ConfigDifference", description="A place in the document, and its value before and after, as JSON."
)
class Difference:
    place: str
    kind: Kind
    before: str | None
    after: str | None

    @classmethod
    def of(cls, difference: DomainDifference) -> "Difference":
        return cls(
            place=difference.place, kind=difference.kind, before=difference.before, after=difference.after
        )


@strawberry.type(description="What a document changes, and the version that is served.")
class ConfigDiff:
    differences: list[Difference]
    version: ConfigVersion | None

    @classmethod
    def of(cls, applied: Applied) -> "ConfigDiff":
        version = ConfigVersion.of(applied.version) if applied.version else None
        return cls(differences=[Difference.of(each) for each in applied.differences], version=version)


@strawberry.type(name="ConfigProblem", description="What is wrong with a document, and where in it.")
class Problem:
    place: str
    message: str


@strawberry.type(description="The document cannot be served; nothing has changed.")
class InvalidConfig:
    problems: list[Problem]
    code: str = "INVALID_CONFIG"

    @classmethod
    def of(cls, error: ConfigurationError) -> "InvalidConfig":
        return cls(problems=[Problem(place=each.place, message=each.message) for each in error.problems])


ApplyConfigResult: TypeAlias = Annotated[
    ConfigDiff | InvalidConfig | TenantConflict, strawberry.union("ApplyConfigResult")
]


@strawberry.type
class ConfigurationMutations:
    @strawberry.mutation(
        description=(
            "Serve a tenant by a document from now on, in the place of all that was before; `dryRun` only tells what would "
            "change. A document that is served already makes no new version. With `expectedVersion` nothing is done "
            "when another one is served; 0 expects none."
        )
    )
    async def apply_config(
        self,
        info: Info,
        tenant_id: strawberry.ID,
        document: JSON,
        dry_run: bool = False,  # noqa: FBT001, FBT002 - Strawberry passes it by name
        expected_version: int | None = None,
    ) -> ApplyConfigResult:
        caller = info.context.require_caller()
        try:
            applied = await info.context.use.configurations.apply(
                caller,
                parse_tenant_id(tenant_id),
                read_document(document),
                dry_run=dry_run,
                expected=expected_version,
            )
        except ConfigurationError as error:
            return InvalidConfig.of(error)
        except ConflictError as error:
            return TenantConflict(message=error.message, code=error.code)
        return ConfigDiff.of(applied)

    @strawberry.mutation(description="Serve what an older version was, as a new version.")
    async def rollback(self, info: Info, tenant_id: strawberry.ID, version: int) -> ApplyConfigResult:
        caller = info.context.require_caller()
        try:
            applied = await info.context.use.configurations.rollback(
                caller, parse_tenant_id(tenant_id), version
            )
        except ConfigurationError as error:
            return InvalidConfig.of(error)
        return ConfigDiff.of(applied)
