"""Reconciliation in the graph, for operators."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import date, datetime
from typing import Annotated, TypeAlias

import strawberry
from strawberry.federation.schema_directives import RequiresScopes

from common.app.values import InvalidInput
from common.inputs import InvalidInputError
from subgraphs.payments.api.context import WRITE, Info
from subgraphs.payments.domain.reconciliation import BreakKind, ReportError
from subgraphs.payments.store import reconciliation as store

OPERATORS = RequiresScopes(scopes=[[WRITE]])

strawberry.enum(
    BreakKind,
    name="ReconciliationBreakKind",
    description="MISSING_OURS: the provider moved what we know nothing of. MISSING_THEIRS: we say that it did, it does not."
    " AMOUNT: provider, payments and ledger do not say the same. FEE: it is not the agreed one. DUPLICATE: reported twice.",
)


@strawberry.type(description="Where the provider's report and our books differ.")
class ReconciliationBreak:
    id: strawberry.ID
    kind: BreakKind
    source_id: str = strawberry.field(description="The provider's name of the charge or the refund.")
    payment_id: strawberry.ID | None
    expected: int | None = strawberry.field(description="In minor units; null where nothing was expected.")
    found: int | None = strawberry.field(description="In minor units; null where nothing was found.")
    currency: str
    found_at: datetime
    resolved_at: datetime | None = strawberry.field(description="When it was found no more.")

    @classmethod
    def of(cls, known: store.KnownBreak) -> "ReconciliationBreak":
        return cls(
            id=strawberry.ID(str(known.id)),
            kind=known.kind,
            source_id=known.source_id,
            payment_id=strawberry.ID(str(known.payment_id)) if known.payment_id else None,
            expected=known.expected,
            found=known.found,
            currency=known.currency,
            found_at=known.found_at,
            resolved_at=known.resolved_at,
        )


@strawberry.type(description="One comparison of the provider's report with our books.")
class Reconciliation:
    first_day: date
    last_day: date
    lines: int = strawberry.field(description="Of the provider's report.")
    breaks: int
    at: datetime


@strawberry.type(description="The provider's report cannot be had or read; nothing was compared.")
class ReportUnavailable:
    message: str
    code: str = "REPORT_UNAVAILABLE"


ReconcileResult: TypeAlias = Annotated[
    Reconciliation | ReportUnavailable | InvalidInput, strawberry.union("ReconcileResult")
]


@strawberry.type
class ReconciliationQuery:
    @strawberry.field(description="The newest breaks first.", directives=[OPERATORS])
    async def reconciliation_breaks(
        self,
        info: Info,
        kind: BreakKind | None = None,
        is_open: bool = True,  # noqa: FBT001, FBT002 - an argument of the schema
        first: int = 20,
    ) -> list[ReconciliationBreak]:
        info.context.require_write()
        found = await info.context.services.reconciling.list_breaks(kind, first, is_open=is_open)
        return [ReconciliationBreak.of(known) for known in found]


@strawberry.type
class ReconciliationMutation:
    @strawberry.mutation(
        description="Compare the card provider's report of these days with our payments and ledger;",
        directives=[OPERATORS],
    )
    async def reconcile(self, info: Info, first_day: date, last_day: date) -> ReconcileResult:
        info.context.require_write()
        try:
            made = await info.context.services.reconciling.reconcile(first_day, last_day)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except ReportError as refusal:
            return ReportUnavailable(message=str(refusal))
        return Reconciliation(
            first_day=made.first_day,
            last_day=made.last_day,
            lines=made.lines,
            breaks=made.breaks,
            at=made.at,
        )
