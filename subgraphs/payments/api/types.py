"""Payments' entities in the graph, and what it adds to those of others."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime
from typing import Any

import strawberry
import strawberry.federation

from common.app import InvalidRepresentationError
from common.app.values import Money
from common.errors import ForbiddenError
from common.inputs import parse_id
from subgraphs.payments.api.context import Info
from subgraphs.payments.domain import money, payments, wallets
from subgraphs.payments.domain.payments import DeclineReason, PaymentState

strawberry.enum(DeclineReason, description="Why no money moved.")


strawberry.enum(
    PaymentState,
    description="PENDING waits some seconds for the payer's first wallet. CAPTURED took the money,"
    " DECLINED did not, REFUNDED gave it back.",
)


@strawberry.federation.type(keys=["id"], description="A user's money in the house; only they see it.")
class Wallet:
    id: strawberry.ID
    balance: Money

    @classmethod
    def of(cls, wallet: wallets.Wallet) -> "Wallet":
        return cls(id=strawberry.ID(str(wallet.id)), balance=Money.of(wallet.balance))

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Wallet | None":  # noqa: A002 - the key field's name
        """The caller's own wallet; another's is as absent as none."""
        parsed = parse_id(id)
        found = await info.context.loaders.wallet.load(parsed) if parsed else None
        return cls.of(found) if found and info.context.is_caller(found.owner_id) else None


@strawberry.federation.type(
    keys=["id"], description="The one payment of a reservation; only its payer sees it."
)
class Payment:
    id: strawberry.ID
    amount: Money
    state: PaymentState
    decline_reason: DeclineReason | None = strawberry.field(description="There when it is DECLINED.")
    created_at: datetime
    payment: strawberry.Private[payments.Payment]

    @strawberry.field(description="What it pays for.")
    def reservation(self) -> "Reservation":
        return Reservation(id=strawberry.ID(str(self.payment.reservation_id)))

    @strawberry.field(description="Whose wallet it is from.")
    def payer(self) -> "User":
        return User(id=strawberry.ID(self.payment.payer_id))

    @classmethod
    def of(cls, payment: payments.Payment) -> "Payment":
        return cls(
            id=strawberry.ID(str(payment.id)),
            amount=Money.of(payment.amount),
            state=payment.state,
            decline_reason=payment.decline_reason,
            created_at=payment.created_at,
            payment=payment,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Payment | None":  # noqa: A002 - the key field's name
        """The caller's own payment of that id; another's is as absent as none."""
        parsed = parse_id(id)
        found = await info.context.loaders.payment.load(parsed) if parsed else None
        return cls.of(found) if found and info.context.is_caller(found.payer_id) else None


@strawberry.federation.type(keys=["id"], extend=True)
class Reservation:
    id: strawberry.ID
    total: Money = strawberry.federation.field(external=True, default=None)
    known_total: strawberry.Private[money.Money | None] = None

    @strawberry.field(description="Its one payment; null until there is one, and for everyone but the payer.")
    async def payment(self, info: Info) -> Payment | None:
        found = await self._payment(info)
        return Payment.of(found) if found and info.context.is_caller(found.payer_id) else None

    @strawberry.federation.field(
        requires=["total { amount currency }"],
        description="What is still to be paid: the total until the payment is decided, then nothing.",
    )
    async def amount_due(self, info: Info) -> Money | None:
        if self.known_total is None:
            raise InvalidRepresentationError(
                "A representation of Reservation lacks total { amount currency }"
            )
        return Money.of(payments.amount_due(self.known_total, await self._payment(info)))

    async def _payment(self, info: Info) -> payments.Payment | None:
        parsed = parse_id(self.id)
        return await info.context.loaders.payment_for.load(parsed) if parsed else None

    @classmethod
    def resolve_reference(cls, id: strawberry.ID, total: dict[str, Any] | None = None) -> "Reservation":  # noqa: A002 - the key field's name
        """The reservation as the router represents it; `total` is there when `amountDue` is asked for."""
        if total is None or not total.keys() >= {"amount", "currency"}:
            return cls(id=id)
        return cls(id=id, known_total=money.Money(**total))


@strawberry.federation.type(keys=["id"], extend=True)
class User:
    id: strawberry.ID

    @strawberry.field(description="The user's wallet, which the first top-up opens; only one's own.")
    async def wallet(self, info: Info) -> Wallet | None:
        self._check_own(info)
        found = await info.context.loaders.wallet_of.load(self.id)
        return Wallet.of(found) if found else None

    @strawberry.field(description="The newest payments first; only one's own.")
    async def payments(self, info: Info, first: int = 20) -> list[Payment] | None:
        self._check_own(info)
        found = await info.context.loaders.payments_of.load(self.id, first)
        return [Payment.of(payment) for payment in found]

    def _check_own(self, info: Info) -> None:
        if not info.context.is_caller(self.id):
            raise ForbiddenError("Only the user may see this")

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":  # noqa: A002 - the key field's name
        return cls(id=id)
