"""One SQL statement for each kind of thing that a request asks for, however many of them."""

from common.app.loaders import ListLoader, by_key
from subgraphs.inventory.service import Inventory


class Loaders:
    """The loaders of one request. What a key names nothing is None."""

    def __init__(self, inventory: Inventory) -> None:
        self.product = by_key(inventory.find_products)  # by id, or by SKU
        self.level = by_key(inventory.find_levels)
        self.reservation = by_key(inventory.find_reservations)
        self.reservations_of = ListLoader(inventory.list_reservations)
