"""Statements, terms and credits in the graph."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput, Money
from subgraphs.tenants.api.context import FOR_ADMINS, Info, parse_tenant_id
from subgraphs.tenants.api.results import EXPECTED, TenantConflict, refusal
from subgraphs.tenants.api.usage import in_utc
from subgraphs.tenants.domain import billing as domain
from subgraphs.tenants.domain.crediting import AppliedCredit as DomainAppliedCredit
from subgraphs.tenants.domain.crediting import Credit as DomainCredit
from subgraphs.tenants.domain.crediting import NewCredit

strawberry.enum(
    domain.LineKind,
    name="TenantStatementLineKind",
    description=(
        "PLAN is a share of a month's price, USAGE what was metered, LATE_USAGE what was after its month had been closed."
    ),
)


@strawberry.type(
    name="TenantStatementLine",
    description="A reason to pay: from `since` and before `until` the plan was had at the price. Numbers are whole, up to 2^53.",
)
class StatementLine:
    kind: domain.LineKind
    month: str = strawberry.field(description="The one that it is about.")
    plan: strawberry.ID
    since: datetime
    until: datetime
    price: Money = strawberry.field(description="For a month, or for `unit` requests.")
    unit: float | None
    requests: float | None = strawberry.field(description="That upstreams have answered.")
    allowance: float | None = strawberry.field(description="How many of that time the plan's price pays for.")
    overage: float | None = strawberry.field(description="How many are beyond them.")
    amount: Money

    @classmethod
    def of(cls, line: domain.Line, currency: str) -> "StatementLine":
        is_usage = line.kind is not domain.LineKind.PLAN
        return cls(
            kind=line.kind,
            month=str(line.month),
            plan=strawberry.ID(line.plan),
            since=line.since,
            until=line.until,
            price=Money(amount=line.price, currency=currency),
            unit=line.unit if is_usage else None,
            requests=line.requests if is_usage else None,
            allowance=line.allowance if is_usage else None,
            overage=line.overage if is_usage else None,
            amount=Money(amount=line.amount, currency=currency),
        )


@strawberry.type(name="TenantAppliedCredit", description="What a statement has used of a credit.")
class AppliedCredit:
    credit_id: strawberry.ID
    amount: Money

    @classmethod
    def of(cls, applied: DomainAppliedCredit, currency: str) -> "AppliedCredit":
        amount = Money(amount=applied.amount, currency=currency)
        return cls(credit_id=strawberry.ID(str(applied.credit_id)), amount=amount)


@strawberry.type(name="TenantStatement", description="What a tenant owes for a month, and why.")
class Statement:
    month: str = strawberry.field(description="Such as 2026-11, in UTC.")
    closed_at: datetime | None = strawberry.field(
        description="Since when it never changes; null while it shows how things stand."
    )
    lines: list[StatementLine]
    subtotal: Money = strawberry.field(description="The sum of the lines.")
    credits: list[AppliedCredit]
    total: Money = strawberry.field(description="The subtotal less the credits.")

    @classmethod
    def of(cls, statement: domain.Statement) -> "Statement":
        currency = statement.currency
        return cls(
            month=str(statement.month),
            closed_at=statement.closed_at,
            lines=[StatementLine.of(line, currency) for line in statement.lines],
            subtotal=Money(amount=statement.subtotal, currency=currency),
            credits=[AppliedCredit.of(credit, currency) for credit in statement.credits],
            total=Money(amount=statement.total, currency=currency),
        )


@strawberry.type(
    name="TenantTerms", description="What a tenant pays since a moment, whatever becomes of the plan."
)
class Terms:
    plan: strawberry.ID
    since: datetime
    price: Money = strawberry.field(description="A month's.")
    included: int = strawberry.field(description="Requests a month that the price pays for.")
    overage_price: Money = strawberry.field(description="For each `overageUnit` requests beyond them.")
    overage_unit: int

    @classmethod
    def of(cls, terms: domain.Terms) -> "Terms":
        return cls(
            plan=strawberry.ID(terms.plan),
            since=terms.since,
            price=Money.of(terms.price),
            included=terms.included,
            overage_price=Money(amount=terms.overage.amount, currency=terms.price.currency),
            overage_unit=terms.overage.unit,
        )


@strawberry.type(name="TenantCredit", description="Money that a tenant need not pay.")
class Credit:
    id: strawberry.ID
    amount: Money
    remaining: Money = strawberry.field(description="What no statement has used.")
    reason: str
    expires_at: datetime | None = strawberry.field(description="It pays for months that end before.")
    granted_at: datetime

    @classmethod
    def of(cls, credit: DomainCredit) -> "Credit":
        return cls(
            id=strawberry.ID(str(credit.id)),
            amount=Money.of(credit),
            remaining=Money(amount=credit.remaining, currency=credit.currency),
            reason=credit.reason,
            expires_at=credit.expires_at,
            granted_at=credit.granted_at,
        )


GrantCreditsResult: TypeAlias = Annotated[
    Credit | InvalidInput | IdempotencyKeyReused | TenantConflict, strawberry.union("GrantCreditsResult")
]


@strawberry.type
class BillingMutations:
    @strawberry.federation.mutation(
        description="Let a tenant not pay so many minor units of its currency; the same key does it once.",
        requires_scopes=FOR_ADMINS,
    )
    async def grant_credits(
        self,
        info: Info,
        *,
        tenant_id: strawberry.ID,
        amount: int,
        reason: str,
        idempotency_key: str,
        expires_at: datetime | None = None,
    ) -> GrantCreditsResult:
        admin = info.context.require_admin()
        new = NewCredit(amount, reason, in_utc(expires_at) if expires_at else None)
        try:
            granted = await info.context.use.credits.grant(
                admin, parse_tenant_id(tenant_id), new, idempotency_key
            )
        except EXPECTED as error:
            return refusal(error)
        return Credit.of(granted)
