"""One SQL statement for each kind of thing that a request asks for, however many of them."""

from functools import partial

from common.app.loaders import ListLoader, by_key
from subgraphs.payments.service import Payments


class Loaders:
    """The loaders of one request. What a key names nothing is None."""

    def __init__(self, payments: Payments) -> None:
        self.wallet = by_key(partial(payments.find_wallets, "id"))
        self.wallet_of = by_key(partial(payments.find_wallets, "owner_id"))
        self.payment = by_key(partial(payments.find_payments, "id"))
        self.payment_for = by_key(partial(payments.find_payments, "reservation_id"))
        self.payments_of = ListLoader(payments.list_payments)
