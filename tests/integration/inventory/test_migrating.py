"""A schema that is in use is carried to the newest revision: nothing that was there is lost."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from uuid import UUID

import asyncpg

from common.database import Database, migrate
from subgraphs.inventory.app import service
from subgraphs.inventory.domain.stock import StockLevel
from subgraphs.inventory.service.services import Services

PRODUCT, RESERVATION = UUID(int=1), UUID(int=2)
BEFORE = f"""
    INSERT INTO product (id, sku, name, description, category, price_amount, currency)
        VALUES ('{PRODUCT}', 'MUG', 'Enamel Mug', 'Holds coffee.', 'Table', 1450, 'EUR');
    INSERT INTO level (product_id, on_hand, reserved) VALUES ('{PRODUCT}', 20, 3);
    INSERT INTO reservation (id, owner_id, product_id, quantity, total_amount, currency, expires_at)
        VALUES ('{RESERVATION}', 'ada', '{PRODUCT}', 3, 4350, 'EUR', now() + interval '1 h');
    INSERT INTO movement (product_id, source, target, quantity, reservation_id)
        VALUES ('{PRODUCT}', 'OUTSIDE', 'AVAILABLE', 20, NULL),
               ('{PRODUCT}', 'AVAILABLE', 'RESERVED', 3, '{RESERVATION}');
"""


async def test_products_stock_and_reservations_are_carried_over(
    create_database: Callable[..., str], tmp_path: Path
) -> None:
    url = create_database()
    first = Path(copytree(service.migrations, tmp_path / "first"))
    for later in set((first / "versions").glob("*.py")) - {first / "versions/0001_create_inventory.py"}:
        later.unlink()
    await migrate(url, schema="inventory", scripts=first)
    connection = await asyncpg.connect(url, server_settings={"search_path": "inventory"})
    await connection.execute(BEFORE)
    await connection.close()
    await migrate(url, schema="inventory", scripts=service.migrations)
    database = Database.open(url, schema="inventory")
    try:
        services = Services.of(database, timedelta(minutes=15))
        [product] = (await services.catalogue.list_products(10, None, "mug")).products
        assert [(variant.id, variant.sku) for variant in product.variants] == [(PRODUCT, "MUG")]
        assert await levels(services) == {"MAIN": StockLevel(available=17, held=3)}
        released = await services.reservations.release("ada", RESERVATION)
        assert getattr(released, "quantity", None) == 3
        assert await levels(services) == {"MAIN": StockLevel(available=20)}
    finally:
        await database.close()


async def levels(services: Services) -> dict[str, StockLevel]:
    found = await services.stock.find_by_variant([PRODUCT])
    return {each.warehouse: each.level for each in found[PRODUCT]}
