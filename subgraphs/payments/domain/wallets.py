"""Wallets: what they hold and what may be put into them."""

from uuid import UUID

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.payments.domain.money import Money, exponent

MAX_TOP_UP = 1_000_000
"""Minor units put into a wallet at once: ten thousand euros."""

MAX_BALANCE = 100_000_000
"""Minor units that topping up may fill a wallet to: a million euros.

A refund may go above. A payment takes no more than a wallet has, so that every balance stays below twice this,
inside GraphQL's 32-bit Int.
"""


class Wallet(Struct, frozen=True, kw_only=True):
    """What the house keeps for a user in one currency; `available` is `balance` without what is set aside for payments."""

    id: UUID
    owner_id: str
    balance: Money
    available: Money


class WalletLimit(Struct, frozen=True):
    """The wallet would hold more than it may; nothing was moved."""

    limit: Money


def check_top_up(money: Money) -> Money:
    """Return `money`, or raise InvalidInputError unless it is 1 to `MAX_TOP_UP` minor units of a currency."""
    exponent(money.currency)
    if not 1 <= money.amount <= MAX_TOP_UP:
        raise InvalidInputError(
            "amount", f"must be between 1 and {MAX_TOP_UP} minor units, not {money.amount}"
        )
    return money
