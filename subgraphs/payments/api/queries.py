"""Payments' queries."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry
from strawberry.federation.schema_directives import RequiresScopes

from subgraphs.payments.api.accounts import LedgerAccount
from subgraphs.payments.api.checkouts import CheckoutQuery
from subgraphs.payments.api.context import WRITE, Info
from subgraphs.payments.api.reconciliation import ReconciliationQuery
from subgraphs.payments.api.types import Explanation, Payment
from subgraphs.payments.api.webhooks import WebhookQuery
from subgraphs.payments.domain.accounts import House, house_id
from subgraphs.payments.domain.money import CURRENCY

strawberry.enum(House, description="An account of the house.")


@strawberry.type
class Query(CheckoutQuery, WebhookQuery, ReconciliationQuery):
    @strawberry.field(description="The payment of that id: the caller's own, or any for who may move money.")
    async def payment(self, info: Info, id: strawberry.ID) -> Payment | None:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        return await Payment.load(info, id)

    @strawberry.field(
        description="What happened to a payment, what was asked for it, and what moved: all in one."
    )
    async def explain_payment(self, info: Info, id: strawberry.ID) -> Explanation | None:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        payment = await Payment.load(info, id)
        return Explanation(payment=payment) if payment else None

    @strawberry.field(
        description="The account of that id: one's own wallet's, or any for who may move money."
    )
    async def ledger_account(self, info: Info, id: strawberry.ID) -> LedgerAccount | None:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        return await LedgerAccount.load(info, id)

    @strawberry.field(
        description="An account of the house in a currency; null until it has any.",
        directives=[RequiresScopes(scopes=[[WRITE]])],
    )
    async def house_account(self, info: Info, kind: House, currency: str = CURRENCY) -> LedgerAccount | None:
        info.context.require_write()
        return await LedgerAccount.load(info, strawberry.ID(str(house_id(kind, currency))))
