"""Demo data: a catalogue with its stock in two warehouses, and a few reservations made as any customer makes them."""

from collections.abc import Mapping
from datetime import timedelta

from common.database import Database
from common.demo import DEMO_USERS
from common.settings import load
from subgraphs.inventory import store
from subgraphs.inventory.catalogue import BUNDLES, CATALOGUE, IN_VISBY, WAREHOUSES
from subgraphs.inventory.domain.warehousing import StockMove
from subgraphs.inventory.service import Inventory
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.settings import Settings

_ALHEIT, _HINRICH, _GESE = (user.id for user in DEMO_USERS)

_ORDERS = (
    (_ALHEIT, "SWE-MARZ-200", 2),
    (_ALHEIT, "PAP-LEDGER-A5", 1),
    (_ALHEIT, "BRD-LAMP-1", 1),
    (_HINRICH, "CLO-JUMPER-L", 1),
    (_HINRICH, "PAN-SPRATS-120", 6),
    (_GESE, "CLO-OILSKIN-L", 1),
)
"""Who reserved what. Payments' demo tops up the wallets so that all but the last are paid."""

_ORDER_TIME = timedelta(hours=1)
"""How long the reservations wait for payments to start and to take its money."""


async def load_demo(environment: Mapping[str, str]) -> None:
    """Add the products that are missing and make each reservation, if it was never made."""
    settings = load(Settings, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service)
    try:
        services = Services.of(database, _ORDER_TIME)
        await _deliver(database, services)
        if not await _has_orders(services.reservations):
            for number, (user_id, sku, quantity) in enumerate(_ORDERS, 1):
                await services.reservations.reserve(str(user_id), sku, quantity, f"demo-order-{number}")
    finally:
        await database.close()


async def _deliver(database: Database, services: Services) -> None:
    async with database.transaction() as transaction:
        for article in CATALOGUE:
            await store.add_product(transaction, article)
    known = {warehouse.id for warehouse in await services.stock.list_warehouses()}
    if not known.issuperset(warehouse.id for warehouse in WAREHOUSES):
        for warehouse in WAREHOUSES:
            await services.warehousing.put_warehouse(warehouse)
        _, second = WAREHOUSES
        await services.warehousing.move("demo", StockMove.RECEIVE, second.id, IN_VISBY, "demo-delivery")
    for sku, parts in BUNDLES.items():
        await services.warehousing.put_bundle(sku, parts)


async def _has_orders(inventory: Inventory) -> bool:
    """Whether the last order was made; keys are forgotten after a time, reservations are not."""
    user_id, _, _ = _ORDERS[-1]
    return any((await inventory.list_reservations([str(user_id)], 1)).values())
