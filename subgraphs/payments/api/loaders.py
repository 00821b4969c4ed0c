"""One SQL statement for each kind of thing that a request asks for, however many of them."""

from functools import partial

from common.app.loaders import ListLoader, by_key
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.wallets import Wallets


class Loaders:
    """The loaders of one request. What a key names nothing is None."""

    def __init__(self, wallets: Wallets, payments: Payments) -> None:
        self.wallet = by_key(partial(wallets.find, "id"))
        self.wallet_of = by_key(partial(wallets.find, "owner_id"))
        self.payment = by_key(partial(payments.find, "id"))
        self.payment_for = by_key(partial(payments.find, "reservation_id"))
        self.payments_of = ListLoader(payments.list_for)
