"""Amounts of money: whole numbers of a currency's minor unit, by the exponents of ISO 4217, and their exact division."""

from collections.abc import Sequence
from typing import Final

from iso4217 import Currency
from msgspec import Struct

from common.inputs import InvalidInputError

CURRENCY: Final = "EUR"
"""The currency of a wallet that is opened without saying which."""

MAX_AMOUNT: Final = 2**31 - 1
"""Minor units of one payment: what GraphQL's Int holds."""

_EXPONENTS: Final = {each.code: each.exponent for each in Currency}


class Money(Struct, frozen=True):
    """An amount in minor units of an ISO 4217 currency: 100 is one euro, a hundred yen, a tenth of a dinar."""

    amount: int
    currency: str


def exponent(currency: str) -> int:
    """How many decimal places the minor unit stands for: 2 for EUR, 0 for JPY, 3 for KWD.

    Raises:
        InvalidInputError: it is no currency that one can pay with.
    """
    places = _EXPONENTS.get(currency)
    if places is None:
        raise InvalidInputError("currency", f"must be the code of a currency (ISO 4217), not {currency!r}")
    return places


def check_money(money: Money) -> Money:
    """Return `money`, or raise InvalidInputError unless it is 1 or more of a currency that one can pay with."""
    exponent(money.currency)
    if not 1 <= money.amount <= MAX_AMOUNT:
        raise InvalidInputError(
            "amount", f"must be between 1 and {MAX_AMOUNT} minor units, not {money.amount}"
        )
    return money


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide `amount` by `weights`: the parts sum to it exactly, and each is within 1 of its share.

    What rounding leaves over goes to those whose share was cut most, the first among equals.

    Raises:
        ValueError: a weight is negative, or all are 0.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError(f"cannot divide by {weights}")
    parts = [amount * weight // total for weight in weights]
    most_cut = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % total))
    for i in most_cut[: amount - sum(parts)]:
        parts[i] += 1
    return parts
