"""The accounts of the house in the ledger, one of each kind and currency.

MERCHANT is what was earned and not paid out, FEES what the providers' services cost, BANK the world that money comes from and
goes to. A CLEARING account stands between a provider and the house: what the provider has moved and the house has not
booked, or the other way round.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from common.ledger import Account
from subgraphs.payments.domain.attempts import ProviderName

LEDGER: Final = "money"
WALLET: Final = "WALLET"
"""The code of a customer's account."""

_NAMESPACE: Final = UUID("0199d3a0-0000-7000-8000-00000000face")


class House(StrEnum):
    MERCHANT = "MERCHANT"
    BANK = "BANK"
    FEES = "FEES"
    CLEARING_WALLET = "CLEARING_WALLET"
    CLEARING_CARD = "CLEARING_CARD"


CLEARING: Final[Mapping[ProviderName, House]] = {
    ProviderName.WALLET: House.CLEARING_WALLET,
    ProviderName.CARD: House.CLEARING_CARD,
}


def house_id(kind: House, currency: str) -> UUID:
    """The id of the account, the same in every installation."""
    return uuid5(_NAMESPACE, f"{kind}:{currency}")


def house_accounts(currency: str) -> list[Account]:
    """All accounts of the house in `currency`. None has a floor: what was paid out can still be asked back."""
    return [Account(house_id(kind, currency), LEDGER, kind, currency) for kind in House]


def wallet_account(wallet_id: UUID, currency: str) -> Account:
    """The account of a wallet, which never goes below zero."""
    return Account(wallet_id, LEDGER, WALLET, currency, floor=0)
