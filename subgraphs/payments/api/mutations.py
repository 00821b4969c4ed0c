"""Payments' mutations."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

import strawberry

from common.app.values import IdempotencyKeyReused, InvalidInput, Money
from common.idempotency import IdempotencyMismatch
from common.inputs import InvalidInputError
from subgraphs.payments import domain
from subgraphs.payments.api.context import Info
from subgraphs.payments.api.results import TopUpWalletResult, WalletLimitReached
from subgraphs.payments.api.types import Wallet


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Put `amount` cents into the caller's wallet; asking again with the same key does it once."
    )
    async def top_up_wallet(self, info: Info, amount: int, idempotency_key: str) -> TopUpWalletResult:
        caller_id = info.context.require_caller()
        try:
            outcome = await info.context.payments.top_up(caller_id, amount, idempotency_key)
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        except IdempotencyMismatch as refusal:
            return IdempotencyKeyReused(message=refusal.message)
        match outcome:
            case domain.Wallet():
                return Wallet.of(outcome)
            case domain.WalletLimit(limit):
                message = f"A wallet may hold up to {limit.amount} cents by topping up"
                return WalletLimitReached(message=message, limit=Money.of(limit))
