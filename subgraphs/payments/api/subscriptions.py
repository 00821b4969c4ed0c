"""Payments' subscriptions: what is seen of a payment now, and again whenever it changed."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from subgraphs.payments.api.checkouts import CheckoutSubscription
from subgraphs.payments.api.context import Info
from subgraphs.payments.api.types import Payment
from subgraphs.payments.domain import payments


@strawberry.type
class Subscription(CheckoutSubscription):
    @strawberry.subscription(
        description="The payment of that id as it is and becomes: the caller's own, or any for who may move money."
    )
    async def payment_updated(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
    ) -> AsyncGenerator[Payment | None, None]:
        info.context.require_caller()
        payment = await Payment.load(info, id)
        if payment is None:
            yield None
            return
        payment_id = payment.payment.id

        async def read() -> payments.Payment | None:
            return (await info.context.services.payments.find("id", [payment_id])).get(payment_id)

        changes = info.context.live.watch("payment", [str(payment_id)], read)
        async with aclosing(changes):
            async for now in changes:
                info.context.loaders.forget()
                yield Payment.of(now) if now else None
