"""Payments' entities in the graph, and what it adds to those of others."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
import strawberry.federation

from common.app import InvalidRepresentationError
from common.app.values import Money
from common.errors import ForbiddenError
from common.inputs import parse_id
from subgraphs.payments.api.accounts import LedgerAccount, LedgerTransfer
from subgraphs.payments.api.context import Info
from subgraphs.payments.api.enums import ProviderName
from subgraphs.payments.api.timeline import PaymentAttempt, PaymentEvent
from subgraphs.payments.domain import money, payments
from subgraphs.payments.domain import wallets as domain
from subgraphs.payments.domain.disputes import DisputeState
from subgraphs.payments.domain.money import CURRENCY
from subgraphs.payments.domain.payments import PaymentState

if TYPE_CHECKING:  # the two refer to one another
    from subgraphs.payments.api.checkouts import Checkout

strawberry.enum(
    PaymentState,
    description="PENDING until the provider has answered. ACTION_REQUIRED waits for the payer, AUTHORISED for a capture.",
)
strawberry.enum(
    DisputeState, description="A dispute is OPENED until it is WON, and the money stays, or LOST."
)


@strawberry.federation.type(keys=["id"], description="A user's money in the house; only they see it.")
class Wallet:
    id: strawberry.ID
    balance: Money
    available: Money = strawberry.field(description="The balance without what is set aside for payments.")

    @strawberry.field(description="Its account in the ledger.")
    async def account(self, info: Info) -> LedgerAccount | None:
        return await LedgerAccount.load(info, self.id)

    @classmethod
    def of(cls, wallet: domain.Wallet) -> "Wallet":
        return cls(
            id=strawberry.ID(str(wallet.id)),
            balance=Money.of(wallet.balance),
            available=Money.of(wallet.available),
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Wallet | None":  # noqa: A002 - the key field's name
        """The caller's own wallet; another's is as absent as none."""
        parsed = parse_id(id)
        found = await info.context.loaders.wallet.load(parsed) if parsed else None
        return cls.of(found) if found and info.context.is_caller(found.owner_id) else None


@strawberry.type(description="A payer's bank asks money back.")
class Dispute:
    id: strawberry.ID
    amount: Money
    reason: str
    state: DisputeState


@strawberry.federation.type(
    keys=["id"], description="Money for something; its payer sees it, and who may move the house's money."
)
class Payment:
    id: strawberry.ID
    amount: Money
    state: PaymentState
    provider: ProviderName
    authorised: Money = strawberry.field(description="What the provider set aside.")
    captured: Money = strawberry.field(description="What the provider took.")
    refunded: Money = strawberry.field(description="What it gave back.")
    decline_reason: str | None = strawberry.field(
        description="The provider's code; there when it is DECLINED."
    )
    action_url: str | None = strawberry.field(description="Where the payer must act while ACTION_REQUIRED.")
    version: int = strawberry.field(description="How many events have made it.")
    created_at: datetime
    payment: strawberry.Private[payments.Payment]

    @strawberry.field(description="What it pays for.")
    def reservation(self) -> "Reservation | None":
        paid_for = self.payment.reservation_id
        return Reservation(id=strawberry.ID(str(paid_for))) if paid_for else None

    @strawberry.field(description="Who pays.")
    def payer(self) -> "User":
        return User(id=strawberry.ID(self.payment.payer_id))

    @strawberry.field(description="What its payer's bank has asked back.")
    def disputes(self) -> list[Dispute]:
        currency = self.payment.amount.currency
        return [
            Dispute(
                id=strawberry.ID(id_),
                amount=Money(amount=dispute.amount, currency=currency),
                reason=dispute.reason,
                state=dispute.state,
            )
            for id_, dispute in self.payment.disputes.items()
        ]

    @strawberry.field(description="What was asked of the provider, the oldest first.")
    async def attempts(self, info: Info) -> list[PaymentAttempt]:
        found = await info.context.loaders.attempts_of.load(self.payment.id)
        return [PaymentAttempt.of(attempt) for attempt in found or ()]

    @strawberry.field(description="All that happened to it, in order.")
    async def timeline(self, info: Info) -> list[PaymentEvent]:
        found = await info.context.loaders.history_of.load(self.payment.id)
        return [PaymentEvent.of(happened, self.payment.amount.currency) for happened in found or ()]

    @classmethod
    def of(cls, payment: payments.Payment) -> "Payment":
        def part(amount: int) -> Money:
            return Money(amount=amount, currency=payment.amount.currency)

        return cls(
            id=strawberry.ID(str(payment.id)),
            amount=Money.of(payment.amount),
            state=payment.state,
            provider=payment.method.provider,
            authorised=part(payment.authorised),
            captured=part(payment.captured),
            refunded=part(payment.refunded),
            decline_reason=payment.refusal.code if payment.refusal else None,
            action_url=payment.action_url,
            version=payment.version,
            created_at=payment.created_at,
            payment=payment,
        )

    @classmethod
    async def load(cls, info: Info, id: strawberry.ID) -> "Payment | None":  # noqa: A002 - the key field's name
        """The payment if the caller may see it."""
        parsed = parse_id(id)
        found = await info.context.loaders.payment.load(parsed) if parsed else None
        return cls.of(found) if found and info.context.may_see(found.payer_id) else None

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Payment | None":  # noqa: A002 - the key field's name
        """As absent as none for who may not see it."""
        return await cls.load(info, id)


@strawberry.type(description="All that is known of a payment: what happened, what was asked, what moved.")
class Explanation:
    payment: Payment

    @strawberry.field(description="What the house booked for it, the oldest first.")
    async def transfers(self, info: Info) -> list[LedgerTransfer]:
        found = await info.context.loaders.transfers_for.load(self.payment.payment.id)
        return [LedgerTransfer.of(moved) for moved in found or ()]


@strawberry.federation.type(keys=["id"], extend=True)
class Reservation:
    id: strawberry.ID
    total: Money = strawberry.federation.field(external=True, default=None)
    known_total: strawberry.Private[money.Money | None] = None

    @strawberry.field(description="Its one payment; null until there is one, and for everyone but the payer.")
    async def payment(self, info: Info) -> Payment | None:
        found = await self._payment(info)
        return Payment.of(found) if found and info.context.may_see(found.payer_id) else None

    @strawberry.field(description="The caller's newest checkout of it.")
    async def checkout(
        self, info: Info
    ) -> Annotated["Checkout", strawberry.lazy("subgraphs.payments.api.checkouts")] | None:
        from subgraphs.payments.api.checkouts import Checkout  # noqa: PLC0415 - the two refer to one another

        parsed = parse_id(self.id)
        found = await info.context.loaders.checkout_for.load(parsed) if parsed else None
        return Checkout.of(found) if found else None

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

    @strawberry.field(
        description="The user's wallet in a currency, which the first top-up opens; only one's own."
    )
    async def wallet(self, info: Info, currency: str = CURRENCY) -> Wallet | None:
        found = [each for each in await self._wallets(info) if each.balance.currency == currency]
        return Wallet.of(found[0]) if found else None

    @strawberry.field(description="The user's wallets, one a currency; only one's own.")
    async def wallets(self, info: Info) -> list[Wallet] | None:
        return [Wallet.of(each) for each in await self._wallets(info)]

    @strawberry.field(description="The newest payments first; only one's own.")
    async def payments(self, info: Info, first: int = 20) -> list[Payment] | None:
        self._check_own(info)
        found = await info.context.loaders.payments_of.load(self.id, first)
        return [Payment.of(payment) for payment in found]

    async def _wallets(self, info: Info) -> Sequence[domain.Wallet]:
        self._check_own(info)
        return await info.context.loaders.wallets_of.load(self.id) or ()

    def _check_own(self, info: Info) -> None:
        if not info.context.is_caller(self.id):
            raise ForbiddenError("Only the user may see this")

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "User":  # noqa: A002 - the key field's name
        return cls(id=id)
