"""One SQL statement for each kind of thing that a request asks for, however many of them."""

from common.app.loaders import ListLoader, RequestLoaders, by_key
from subgraphs.inventory.service.services import Services


class Loaders(RequestLoaders):
    """The loaders of one request. What a key names nothing is None."""

    def __init__(self, services: Services) -> None:
        self.product = by_key(services.catalogue.find_products)  # by id, or by a SKU of it
        self.variant = by_key(services.catalogue.find_variants)  # by id, or by SKU
        self.warehouse = by_key(services.stock.find_warehouses)
        self.levels_of_product = by_key(services.stock.find_by_product)
        self.levels_of_variant = by_key(services.stock.find_by_variant)
        self.reservation = by_key(services.reservations.find_reservations)
        self.transfer = by_key(services.transfers.find_transfers)
        self.reservations_of = ListLoader(services.reservations.list_reservations)
