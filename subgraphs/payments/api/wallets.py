"""What may be done with wallets, and what that may come to: each outcome is a type with a code that stays the same."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, TypeAlias

import strawberry

from common.app.values import IdempotencyKeyReused, InvalidInput, Money
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError
from subgraphs.payments.api.context import Info
from subgraphs.payments.api.types import Wallet
from subgraphs.payments.domain import wallets as domain
from subgraphs.payments.domain.money import CURRENCY


@strawberry.type(description="The wallet would hold more than it may; nothing was moved.")
class WalletLimitReached:
    message: str
    limit: Money
    code: str = "WALLET_LIMIT_REACHED"


TopUpWalletResult: TypeAlias = Annotated[
    Wallet | WalletLimitReached | InvalidInput | IdempotencyKeyReused, strawberry.union("TopUpWalletResult")
]


@strawberry.type
class WalletMutation:
    @strawberry.mutation(
        description="Put `amount` (minor units) into the caller's wallet; asking again with the same key does it once."
    )
    async def top_up_wallet(
        self, info: Info, amount: int, idempotency_key: str, currency: str = CURRENCY
    ) -> TopUpWalletResult:
        caller_id = info.context.require_caller()
        try:
            outcome = await info.context.services.wallets.top_up(caller_id, amount, idempotency_key, currency)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except IdempotencyMismatch as refusal:
            return IdempotencyKeyReused(message=refusal.message)
        match outcome:
            case domain.Wallet():
                return Wallet.of(outcome)
            case domain.WalletLimit(limit):
                message = f"A wallet may hold up to {limit.amount} minor units by topping up"
                return WalletLimitReached(message=message, limit=Money.of(limit))
