"""Buying in the graph: beginning a checkout, what became of it, and watching it."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry
import strawberry.federation

from common.app.values import IdempotencyKeyReused, InvalidInput, Money
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError, parse_id
from subgraphs.payments.api.context import Info
from subgraphs.payments.api.enums import ProviderName
from subgraphs.payments.domain import checkouts as domain
from subgraphs.payments.domain.attempts import PaymentMethod
from subgraphs.payments.domain.checkouts import CheckoutState, FailureReason
from subgraphs.payments.service.checkout_process import TOPIC
from subgraphs.payments.store.checkouts import CheckoutStep as Step

if TYPE_CHECKING:  # the two refer to one another
    from subgraphs.payments.api.types import Payment, Reservation

strawberry.enum(
    CheckoutState,
    description="What a checkout waits for: inventory (STARTED, COMMITTING, RELEASING), the provider (AUTHORISING,"
    " CAPTURING, VOIDING), the goods' way out (SHIPPING). COMPLETED is a sale; FAILED is nothing: no money, no goods.",
)
strawberry.enum(FailureReason, name="CheckoutFailure", description="Why a checkout failed.")


@strawberry.input(description="How to pay.")
class PaymentMethodInput:
    provider: ProviderName
    token: str | None = strawberry.field(
        default=None, description="Of CARD: the provider's payment method. Never a card's number."
    )


@strawberry.type(description="A change of a checkout.")
class CheckoutStep:
    version: int
    message: str = strawberry.field(description="The kind of message that changed it.")
    state: CheckoutState
    at: datetime

    @classmethod
    def of(cls, step: Step) -> "CheckoutStep":
        return cls(version=step.version, message=step.message, state=step.state, at=step.at)


@strawberry.federation.type(
    keys=["id"], description="An attempt to pay for a reservation; only its payer sees it."
)
class Checkout:
    id: strawberry.ID
    state: CheckoutState
    amount: Money | None = strawberry.field(description="Known once inventory keeps the pieces.")
    action_url: str | None = strawberry.field(description="Where the payer must act now (3-D Secure).")
    failure: FailureReason | None
    detail: str | None = strawberry.field(description="The provider's code, when it declined.")
    version: int
    created_at: datetime
    checkout: strawberry.Private[domain.Checkout]

    @strawberry.field(description="What it pays for.")
    def reservation(self) -> Annotated["Reservation", strawberry.lazy("subgraphs.payments.api.types")]:
        from subgraphs.payments.api.types import Reservation  # noqa: PLC0415 - the two refer to one another

        return Reservation(id=strawberry.ID(str(self.checkout.reservation_id)))

    @strawberry.field(description="Its payment, once there is one.")
    async def payment(
        self, info: Info
    ) -> Annotated["Payment", strawberry.lazy("subgraphs.payments.api.types")] | None:
        from subgraphs.payments.api.types import Payment  # noqa: PLC0415 - the two refer to one another

        return await Payment.load(info, self.id)

    @strawberry.field(description="How it came here, from its beginning.")
    async def timeline(self, info: Info) -> list[CheckoutStep]:
        steps = await info.context.loaders.steps_of.load(self.checkout.id)
        return [CheckoutStep.of(step) for step in steps or ()]

    @classmethod
    def of(cls, checkout: domain.Checkout) -> "Checkout":
        return cls(
            id=strawberry.ID(str(checkout.id)),
            state=checkout.state,
            amount=Money.of(checkout.amount) if checkout.amount else None,
            action_url=checkout.action_url,
            failure=checkout.failure,
            detail=checkout.detail,
            version=checkout.version,
            created_at=checkout.created_at,
            checkout=checkout,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Checkout | None":  # noqa: A002 - the key field's name
        """The caller's own checkout of that id; another's is as absent as none."""
        parsed = parse_id(id)
        found = await info.context.loaders.checkout.load(parsed) if parsed else None
        return cls.of(found) if found and info.context.is_caller(found.payer_id) else None


CheckoutResult: TypeAlias = Annotated[
    Checkout | InvalidInput | IdempotencyKeyReused, strawberry.union("CheckoutResult")
]


@strawberry.type
class CheckoutMutation:
    @strawberry.mutation(
        description="Begin to pay for a reservation of the caller's; asking again with the same key begins once. The answer"
        " is the checkout as it is now: watch `checkoutUpdated`, or ask `Checkout` again, for what becomes of it."
    )
    async def checkout(
        self,
        info: Info,
        reservation_id: strawberry.ID,
        payment_method: PaymentMethodInput,
        idempotency_key: str,
    ) -> CheckoutResult:
        caller_id = info.context.require_caller()
        parsed = parse_id(reservation_id)
        if parsed is None:
            return InvalidInput(message="reservationId is not an id", field="reservationId")
        token = caller_id if payment_method.provider is ProviderName.WALLET else payment_method.token or ""
        method = PaymentMethod(payment_method.provider, token)
        try:
            return Checkout.of(
                await info.context.services.checkouts.start(caller_id, parsed, method, idempotency_key)
            )
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except IdempotencyMismatch as refusal:
            return IdempotencyKeyReused(message=refusal.message)


@strawberry.type
class CheckoutQuery:
    @strawberry.field(description="The caller's checkout of that id.")
    async def checkout(self, info: Info, id: strawberry.ID) -> Checkout | None:  # noqa: A002 - the argument's name in the schema
        info.context.require_caller()
        return await Checkout.resolve_reference(info, id)


@strawberry.type
class CheckoutSubscription:
    @strawberry.subscription(
        description="The caller's checkout of that id, now and whenever it changes, until it has ended."
    )
    async def checkout_updated(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Checkout, None]:  # noqa: A002 - the argument's name in the schema
        caller_id, parsed = info.context.require_caller(), parse_id(id)
        if parsed is None:
            return

        async def read() -> domain.Checkout | None:
            found = (await info.context.services.checkouts.find([parsed])).get(parsed)
            return found if found and found.payer_id == caller_id else None

        async for checkout in info.context.live.watch(TOPIC, [str(parsed)], read):
            if checkout is None:
                return
            yield Checkout.of(checkout)
            if checkout.has_ended:
                return
