"""Wallets and the accounts of the house: what they hold and what may be put into them."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.payments.domain.money import Money

MAX_TOP_UP = 1_000_000
"""Minor units put into a wallet at once: ten thousand euros."""

MAX_BALANCE = 100_000_000
"""Minor units that topping up may fill a wallet to: a million euros.

A refund may go above. A payment takes no more than a wallet has, so that every balance stays below twice this,
inside GraphQL's 32-bit Int.
"""


class AccountKind(StrEnum):
    """A user's WALLET; what the house earned, MERCHANT; the world that money comes from, BANK."""

    WALLET = "WALLET"
    MERCHANT = "MERCHANT"
    BANK = "BANK"


class TransferKind(StrEnum):
    TOP_UP = "TOP_UP"
    PAYMENT = "PAYMENT"
    REFUND = "REFUND"


class Wallet(Struct, frozen=True, kw_only=True):
    id: UUID
    owner_id: str
    balance: Money


class WalletLimit(Struct, frozen=True):
    """The wallet would hold more than it may; nothing was moved."""

    limit: Money


def check_top_up(amount: int) -> int:
    """Return `amount`, or raise InvalidInputError unless it is 1 to `MAX_TOP_UP` minor units."""
    if not 1 <= amount <= MAX_TOP_UP:
        raise InvalidInputError("amount", f"must be between 1 and {MAX_TOP_UP} minor units, not {amount}")
    return amount
