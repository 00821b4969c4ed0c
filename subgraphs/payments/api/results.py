"""What a mutation may come to, besides success: each outcome is a type with a code that stays the same."""

from typing import Annotated, TypeAlias

import strawberry

from common.app.values import IdempotencyKeyReused, InvalidInput, Money
from subgraphs.payments.api.types import Wallet


@strawberry.type(description="The wallet would hold more than it may; nothing was moved.")
class WalletLimitReached:
    message: str
    limit: Money
    code: str = "WALLET_LIMIT_REACHED"


TopUpWalletResult: TypeAlias = Annotated[
    Wallet | WalletLimitReached | InvalidInput | IdempotencyKeyReused, strawberry.union("TopUpWalletResult")
]
