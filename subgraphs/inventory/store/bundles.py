"""Bundles: variants that have no pieces of their own and are made of others'."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from common.database import Transaction

FIND: Final = text("""
    SELECT bundle_id, part_id, quantity FROM bundle_part WHERE bundle_id = ANY(CAST(:ids AS uuid[])) ORDER BY part_id
""")
IS_POSSIBLE: Final = text("""
    SELECT NOT EXISTS (SELECT FROM level WHERE variant_id = :bundle_id)
       AND NOT EXISTS (SELECT FROM bundle_part WHERE part_id = :bundle_id)
       AND NOT EXISTS (SELECT FROM bundle_part WHERE bundle_id = ANY(CAST(:parts AS uuid[])))
""")
# against another that does so, and against the first pieces, whose row refers to the variant
LOCK: Final = text("SELECT 1 FROM variant WHERE id = :bundle_id FOR UPDATE")
CLEAR: Final = text("DELETE FROM bundle_part WHERE bundle_id = :bundle_id")
ADD: Final = text("""
    INSERT INTO bundle_part (bundle_id, part_id, quantity)
    SELECT :bundle_id, part.* FROM unnest(CAST(:parts AS uuid[]), CAST(:quantities AS integer[])) AS part
""")


async def find_parts(transaction: Transaction, variant_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, int]]:
    """Of those variants that are bundles, how many of which others one is made of."""
    found: defaultdict[UUID, dict[UUID, int]] = defaultdict(dict)
    for row in await transaction.execute(FIND, {"ids": list(variant_ids)}):
        found[row.bundle_id][row.part_id] = row.quantity
    return found


async def put_bundle(transaction: Transaction, bundle_id: UUID, parts: Mapping[UUID, int]) -> bool:
    """Make the variant a bundle of those parts; False when it has pieces of its own, or bundles would nest."""
    values = {"bundle_id": bundle_id, "parts": list(parts)}
    await transaction.execute(LOCK, {"bundle_id": bundle_id})
    if not (await transaction.execute(IS_POSSIBLE, values)).scalar_one():
        return False
    await transaction.execute(CLEAR, {"bundle_id": bundle_id})
    await transaction.execute(ADD, values | {"quantities": list(parts.values())})
    return True
