"""API keys in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.inputs import parse_id
from subgraphs.tenants.api.context import Info, parse_tenant_id
from subgraphs.tenants.api.results import EXPECTED, TenantConflict, refusal
from subgraphs.tenants.domain.keys import ApiKey as DomainKey
from subgraphs.tenants.domain.keys import NewKey
from subgraphs.tenants.errors import NotFoundError
from subgraphs.tenants.service.keys import IssuedKey as DomainIssuedKey

if TYPE_CHECKING:  # the two refer to one another
    from subgraphs.tenants.api.consumers import Consumer


@strawberry.federation.type(keys=["id"], description="What a tenant's consumers send with their requests.")
class ApiKey:
    id: strawberry.ID
    tenant_id: strawberry.ID
    name: str
    start: str = strawberry.field(description="The first characters of its text, to tell keys apart by.")
    consumer: str = strawberry.field(
        description="The external id of the consumer whose requests it is sent with."
    )
    plan: str = strawberry.field(description="Of the tenant's own, what the consumer has bought.")
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    rolled_from: strawberry.ID | None = strawberry.field(description="The key in whose place it came.")

    @strawberry.field(description="Whose requests it is sent with.")
    async def holder(
        self, info: Info
    ) -> Annotated["Consumer", strawberry.lazy("subgraphs.tenants.api.consumers")] | None:
        from subgraphs.tenants.api.consumers import Consumer  # noqa: PLC0415 - the two refer to one another

        found = await info.context.holders.load(UUID(self.id))
        return Consumer.of(found) if found else None

    @classmethod
    def of(cls, key: DomainKey) -> "ApiKey":
        return cls(
            id=strawberry.ID(str(key.id)),
            tenant_id=strawberry.ID(str(key.tenant_id)),
            name=key.name,
            start=key.start,
            consumer=key.consumer,
            plan=key.plan,
            scopes=list(key.scopes),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            rolled_from=strawberry.ID(str(key.rolled_from)) if key.rolled_from else None,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "ApiKey | None":  # noqa: A002 - the key field's name
        info.context.require_caller()
        parsed = parse_id(id)
        found = await info.context.keys.load(parsed) if parsed else None
        return cls.of(found) if found else None


@strawberry.type(description="A new key, with its text for this once.")
class IssuedKey:
    key: ApiKey
    secret: str | None = strawberry.field(
        description="The key's text, which is kept nowhere; null where the same request was answered before."
    )

    @classmethod
    def of(cls, issued: DomainIssuedKey) -> "IssuedKey":
        return cls(key=ApiKey.of(issued.key), secret=issued.secret)


IssueKeyResult: TypeAlias = Annotated[
    IssuedKey | InvalidInput | IdempotencyKeyReused | TenantConflict, strawberry.union("IssueKeyResult")
]


@strawberry.input(name="IssueKeyInput")
class IssueKeyInput:
    tenant_id: strawberry.ID
    name: str
    consumer: str
    plan: str = "default"
    scopes: list[str] = strawberry.field(default_factory=list)
    expires_at: datetime | None = None

    def new(self) -> NewKey:
        """A time without a zone is UTC's."""
        until = self.expires_at
        return NewKey(
            name=self.name,
            consumer=self.consumer,
            plan=self.plan,
            scopes=tuple(self.scopes),
            expires_at=until if until is None or until.tzinfo else until.replace(tzinfo=UTC),
        )


@strawberry.type
class KeyQueries:
    @strawberry.field(description="The key of that id, if the caller is a member of its tenant.")
    async def api_key(self, info: Info, id: strawberry.ID) -> ApiKey | None:  # noqa: A002 - the argument's name in the schema
        return await ApiKey.resolve_reference(info, id)


@strawberry.type
class KeyMutations:
    @strawberry.mutation(
        description="Make a key. Its text is in this answer only; the same key of idempotency makes one."
    )
    async def issue_key(
        self,
        info: Info,
        input: IssueKeyInput,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
    ) -> IssueKeyResult:
        caller = info.context.require_caller()
        try:
            tenant_id = parse_tenant_id(input.tenant_id)
            issued = await info.context.use.keys.issue(caller, tenant_id, input.new(), idempotency_key)
        except EXPECTED as error:
            return refusal(error)
        return IssuedKey.of(issued)

    @strawberry.mutation(
        description="Make another key in the place of one, which counts for `overlap` seconds more and no longer."
    )
    async def roll_key(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
        overlap: int = 0,
    ) -> IssueKeyResult:
        caller = info.context.require_caller()
        try:
            issued = await info.context.use.keys.roll(caller, _parse(id), overlap, idempotency_key)
        except EXPECTED as error:
            return refusal(error)
        return IssuedKey.of(issued)

    @strawberry.mutation(description="Let a key count no more, everywhere within a second.")
    async def revoke_key(self, info: Info, id: strawberry.ID) -> ApiKey:  # noqa: A002 - the argument's name in the schema
        caller = info.context.require_caller()
        return ApiKey.of(await info.context.use.keys.revoke(caller, _parse(id)))


def _parse(text: str) -> UUID:
    parsed = parse_id(text)
    if parsed is None:
        raise NotFoundError("key")
    return parsed
