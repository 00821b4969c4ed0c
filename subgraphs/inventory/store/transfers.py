"""Transfers between warehouses."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from common.database import Transaction
from subgraphs.inventory.domain.warehousing import Transfer, TransferLine

ADD: Final = text("""
    WITH added AS (
        INSERT INTO transfer (id, source_warehouse, target_warehouse) VALUES (:id, :source, :target) RETURNING id
    ), lined AS (
        INSERT INTO transfer_line (transfer_id, variant_id, quantity)
        SELECT added.id, line.* FROM added, unnest(CAST(:variants AS uuid[]), CAST(:quantities AS integer[])) AS line
    )
    SELECT FROM added
""")
FIND: Final = text("""
    SELECT transfer.id, source_warehouse, target_warehouse, transfer.created_at, lines.facts
    FROM transfer, LATERAL (
        SELECT json_agg(json_build_array(variant_id, sku, quantity, received, lost) ORDER BY sku) AS facts
        FROM transfer_line JOIN variant ON variant.id = variant_id WHERE transfer_id = transfer.id
    ) lines
    WHERE transfer.id = ANY(CAST(:ids AS uuid[]))
""")
ARRIVE: Final = text("""
    UPDATE transfer_line SET received = transfer_line.received + arrived.received, lost = transfer_line.lost + arrived.lost
    FROM unnest(
        CAST(:variants AS uuid[]), CAST(:received AS integer[]), CAST(:lost AS integer[])
    ) AS arrived (variant_id, received, lost)
    WHERE transfer_id = :id AND transfer_line.variant_id = arrived.variant_id
""")


async def add_transfer(
    transaction: Transaction, transfer_id: UUID, source: str, target: str, quantities: Mapping[UUID, int]
) -> None:
    parameters = {"id": transfer_id, "source": source, "target": target}
    lines = {"variants": list(quantities), "quantities": list(quantities.values())}
    await transaction.execute(ADD, parameters | lines)


async def find_transfers(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, Transfer]:
    rows = await transaction.execute(FIND, {"ids": list(ids)})
    return {
        row.id: Transfer(
            row.id,
            row.source_warehouse,
            row.target_warehouse,
            row.created_at,
            tuple(TransferLine(UUID(id_), *counts) for id_, *counts in row.facts),
        )
        for row in rows
    }


async def arrive(
    transaction: Transaction, transfer_id: UUID, arrived: Mapping[UUID, tuple[int, int]]
) -> None:
    """Add to what was received and what was lost of each variant; the caller has locked the variants' levels."""
    parameters = {
        "id": transfer_id,
        "variants": list(arrived),
        "received": [received for received, _ in arrived.values()],
        "lost": [lost for _, lost in arrived.values()],
    }
    await transaction.execute(ARRIVE, parameters)
