"""One SQL statement for each kind of thing that a request asks for, however many of them."""

from functools import partial

from common.app.loaders import ListLoader, RequestLoaders, by_key
from subgraphs.payments.service.services import Services


class Loaders(RequestLoaders):
    """The loaders of one request. What a key names nothing is None."""

    def __init__(self, services: Services, caller_id: str | None) -> None:
        payments, wallets, books = services.payments, services.wallets, services.books
        self.wallet = by_key(wallets.find)
        self.wallets_of = by_key(wallets.list_for)
        self.payment = by_key(partial(payments.find, "id"))
        self.payment_for = by_key(partial(payments.find, "reservation_id"))
        self.payments_of = ListLoader(payments.list_for)
        self.attempts_of = by_key(payments.find_attempts)
        self.history_of = by_key(payments.find_history)
        self.account = by_key(books.find_accounts)
        self.transfers_for = by_key(books.transfers_for)
        self.checkout = by_key(services.checkouts.find)
        self.checkout_for = by_key(partial(services.checkouts.find_newest_for, caller_id or ""))
        self.steps_of = by_key(services.checkouts.list_steps)
