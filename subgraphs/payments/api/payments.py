"""What may be done with payments and the house's money, and what that may come to."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from collections.abc import Awaitable
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry
import strawberry.federation
from strawberry.federation.schema_directives import RequiresScopes

from common.app.values import IdempotencyKeyReused, InvalidInput
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError, parse_id
from subgraphs.payments.api.accounts import LedgerAccount
from subgraphs.payments.api.context import WRITE, Info
from subgraphs.payments.api.types import Payment
from subgraphs.payments.domain import payments as domain
from subgraphs.payments.domain.accounts import House, house_id
from subgraphs.payments.domain.money import CURRENCY, Money
from subgraphs.payments.errors import NotPossibleError, UnknownPaymentError

NEEDS_WRITE = [RequiresScopes(scopes=[[WRITE]])]


@strawberry.type(
    description="The payment, or the account, does not allow it: more than is left, or it has ended."
)
class NotPossible:
    message: str
    code: str = "NOT_POSSIBLE"


@strawberry.type(description="There is no payment of that id.")
class UnknownPayment:
    message: str
    code: str = "UNKNOWN_PAYMENT"


PaymentResult: TypeAlias = Annotated[
    Payment | NotPossible | UnknownPayment | InvalidInput | IdempotencyKeyReused,
    strawberry.union("PaymentResult"),
]
PayOutResult: TypeAlias = Annotated[
    LedgerAccount | NotPossible | InvalidInput | IdempotencyKeyReused, strawberry.union("PayOutResult")
]
Refused: TypeAlias = NotPossible | InvalidInput | IdempotencyKeyReused


@strawberry.type
class PaymentMutation:
    @strawberry.mutation(
        description="Take what was authorised, or a part of it; unless it `isLast`, the rest stays for more.",
        directives=NEEDS_WRITE,
    )
    async def capture_payment(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
        amount: int | None = None,
        is_last: bool = True,  # noqa: FBT001, FBT002 - an argument in the schema
    ) -> PaymentResult:
        caller_id = info.context.require_write()
        payments = info.context.services.payments
        return await _result(
            payments.capture(caller_id, _parsed(id), amount, idempotency_key, is_last=is_last)
        )

    @strawberry.mutation(description="Let go what was authorised.", directives=NEEDS_WRITE)
    async def void_payment(self, info: Info, id: strawberry.ID, idempotency_key: str) -> PaymentResult:  # noqa: A002 - the argument's name in the schema
        caller_id = info.context.require_write()
        return await _result(info.context.services.payments.void(caller_id, _parsed(id), idempotency_key))

    @strawberry.mutation(description="Give what was captured back, or a part of it.", directives=NEEDS_WRITE)
    async def refund_payment(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        idempotency_key: str,
        amount: int | None = None,
    ) -> PaymentResult:
        caller_id = info.context.require_write()
        payments = info.context.services.payments
        return await _result(payments.refund(caller_id, _parsed(id), amount, idempotency_key))

    @strawberry.mutation(
        description="A bank asks money back: set it aside. Once for a `disputeId`, which is the bank's.",
        directives=NEEDS_WRITE,
    )
    async def open_dispute(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        dispute_id: str,
        amount: int,
        reason: str,
    ) -> PaymentResult:
        info.context.require_write()
        return await _result(info.context.services.payments.dispute(_parsed(id), dispute_id, amount, reason))

    @strawberry.mutation(
        description="How a dispute ended: what was set aside is the house's again, or gone.",
        directives=NEEDS_WRITE,
    )
    async def close_dispute(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        dispute_id: str,
        won: bool,  # noqa: FBT001 - an argument in the schema
    ) -> PaymentResult:
        info.context.require_write()
        payments = info.context.services.payments
        return await _result(payments.close_dispute(_parsed(id), dispute_id, won=won))

    @strawberry.mutation(
        description="Move what the house has earned to its bank; gives the account that it came from.",
        directives=NEEDS_WRITE,
    )
    async def pay_out(
        self, info: Info, amount: int, idempotency_key: str, currency: str = CURRENCY
    ) -> PayOutResult:
        info.context.require_write()
        try:
            await info.context.services.books.pay_out(Money(amount, currency), idempotency_key)
        except (NotPossibleError, InvalidInputError, IdempotencyMismatch) as refusal:
            return _refused(refusal)
        merchant = strawberry.ID(str(house_id(House.MERCHANT, currency)))
        account = await LedgerAccount.load(info, merchant)
        assert account is not None, "money was paid out of it"
        return account


async def _result(asked: Awaitable[domain.Payment]) -> Payment | UnknownPayment | Refused:
    try:
        return Payment.of(await asked)
    except UnknownPaymentError as refusal:
        return UnknownPayment(message=refusal.message)
    except (NotPossibleError, InvalidInputError, IdempotencyMismatch) as refusal:
        return _refused(refusal)


def _refused(refusal: NotPossibleError | InvalidInputError | IdempotencyMismatch) -> Refused:
    match refusal:
        case NotPossibleError():
            return NotPossible(message=refusal.message)
        case InvalidInputError():
            return InvalidInput(message=refusal.message, field=refusal.field)
        case IdempotencyMismatch():
            return IdempotencyKeyReused(message=refusal.message)


def _parsed(id_: strawberry.ID) -> UUID:
    """The id, or that of no payment for what cannot be one."""
    return parse_id(id_) or UUID(int=0)
