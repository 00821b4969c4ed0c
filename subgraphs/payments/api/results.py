"""What a mutation may come to, besides success: each outcome is a type with a code that stays the same."""

from typing import Annotated, TypeAlias

import strawberry
import strawberry.federation

from subgraphs.payments.api.types import Money, Wallet


@strawberry.federation.type(shareable=True, description="A value in the request cannot be right.")
class InvalidInput:
    message: str
    field: str
    code: str = "INVALID_INPUT"


@strawberry.federation.type(shareable=True, description="The idempotency key was used for another request.")
class IdempotencyKeyReused:
    message: str
    code: str = "IDEMPOTENCY_KEY_REUSED"


@strawberry.type(description="The wallet would hold more than it may; nothing was moved.")
class WalletLimitReached:
    message: str
    limit: Money
    code: str = "WALLET_LIMIT_REACHED"


TopUpWalletResult: TypeAlias = Annotated[
    Wallet | WalletLimitReached | InvalidInput | IdempotencyKeyReused, strawberry.union("TopUpWalletResult")
]
