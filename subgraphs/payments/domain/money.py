"""Amounts of money."""

from msgspec import Struct

CURRENCY = "EUR"
"""The currency of every wallet."""


class Money(Struct, frozen=True):
    """An amount in minor units (cents) of an ISO 4217 currency."""

    amount: int
    currency: str
