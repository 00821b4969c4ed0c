"""One SQL statement for each kind of thing that a request asks for, however many of them."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from subgraphs.payments.domain import Payment, Wallet
from subgraphs.payments.service import Payments

K = TypeVar("K")
V = TypeVar("V")


class Loaders:
    """The loaders of one request. What a key names nothing is None."""

    def __init__(self, payments: Payments) -> None:
        self._payments = payments
        self._payments_of: dict[int, DataLoader[str, list[Payment]]] = {}
        self.wallet: DataLoader[UUID, Wallet | None] = _by_key(partial(payments.find_wallets, "id"))
        self.wallet_of: DataLoader[str, Wallet | None] = _by_key(partial(payments.find_wallets, "owner_id"))
        self.payment: DataLoader[UUID, Payment | None] = _by_key(partial(payments.find_payments, "id"))
        self.payment_for: DataLoader[UUID, Payment | None] = _by_key(
            partial(payments.find_payments, "reservation_id")
        )

    def payments_of(self, first: int) -> DataLoader[str, list[Payment]]:
        """The loader of a payer's newest `first` payments; one for each length asked for."""
        if first not in self._payments_of:
            self._payments_of[first] = DataLoader(partial(self._load_payments, first))
        return self._payments_of[first]

    async def _load_payments(self, first: int, payer_ids: list[str]) -> list[list[Payment]]:
        found = await self._payments.list_payments(payer_ids, first)
        return [found[payer_id] for payer_id in payer_ids]


def _by_key(find: Callable[[list[K]], Awaitable[dict[K, V]]]) -> DataLoader[K, V | None]:
    async def load(keys: list[K]) -> Sequence[V | None]:
        found = await find(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)
