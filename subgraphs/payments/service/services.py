"""All use cases of payments, made once for the life of the service."""

from typing import Self

from msgspec import Struct

from common.database import Database
from subgraphs.payments.service.books import Books
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.wallets import Wallets


class Services(Struct, frozen=True, kw_only=True):
    """What the doors call."""

    wallets: Wallets
    payments: Payments
    books: Books

    @classmethod
    def of(cls, database: Database, operations: Operations) -> Self:
        """The use cases on one database."""
        return cls(wallets=Wallets(database), payments=Payments(database, operations), books=Books(database))
