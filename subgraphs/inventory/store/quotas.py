"""Quotas by region.

A quota is locked before any level, by the order of variants; who ends reservations touches none: `give_back` follows later, and
locks reservations that have ended, which nobody waits for.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from common.database import Transaction
from subgraphs.inventory.domain.quotas import LOW_PART, Quota
from subgraphs.inventory.domain.reservations import Demand, Shortage

FIND: Final = text("""
    SELECT sku, region, granted, used FROM quota JOIN variant ON variant.id = variant_id
    WHERE sku = ANY(CAST(:skus AS text[])) ORDER BY sku, region
""")
PUT: Final = text("""
    INSERT INTO quota (variant_id, region, granted) VALUES (:variant_id, :region, :granted)
    ON CONFLICT (variant_id, region) DO UPDATE SET granted = excluded.granted
    WHERE quota.used <= excluded.granted
""")
TAKE: Final = text("""
    WITH wanted AS (
        SELECT variant.id, wanted.sku, wanted.quantity FROM variant
        JOIN unnest(CAST(:skus AS text[]), CAST(:quantities AS integer[])) AS wanted (sku, quantity)
            ON wanted.sku = variant.sku
    ), locked AS MATERIALIZED (
        SELECT variant_id, sku, quantity, granted - used AS spare FROM quota JOIN wanted ON id = variant_id
        WHERE region = :region ORDER BY variant_id FOR UPDATE OF quota
    ), counted AS (
        UPDATE quota SET used = used + quantity FROM locked
        WHERE quota.variant_id = locked.variant_id AND region = :region
          AND NOT EXISTS (SELECT FROM locked WHERE spare < quantity)
    )
    SELECT variant_id, sku, quantity, spare FROM locked ORDER BY sku
""")
UNTAKE: Final = text("""
    UPDATE quota SET used = used - taken.quantity
    FROM unnest(CAST(:variants AS uuid[]), CAST(:quantities AS integer[])) AS taken (variant_id, quantity)
    WHERE quota.variant_id = taken.variant_id AND region = :region
""")
NOTE: Final = text("""
    UPDATE reservation_line SET quota_region = :region
    WHERE reservation_id = :reservation_id AND variant_id = ANY(CAST(:variants AS uuid[]))
""")
GIVE_BACK: Final = text("""
    WITH ended AS MATERIALIZED (
        SELECT reservation.id FROM reservation JOIN reservation_line ON reservation_id = reservation.id
        WHERE quota_region IS NOT NULL AND state IN ('RELEASED', 'EXPIRED')
        LIMIT :limit FOR UPDATE OF reservation SKIP LOCKED
    ), lines AS (
        UPDATE reservation_line SET quota_region = NULL FROM ended
        WHERE reservation_id = ended.id AND quota_region IS NOT NULL
        RETURNING variant_id, old.quota_region AS region, quantity
    ), sums AS (
        SELECT variant_id, region, sum(quantity)::int AS quantity FROM lines GROUP BY variant_id, region
    ), locked AS MATERIALIZED (
        SELECT variant_id, region, sums.quantity FROM quota JOIN sums USING (variant_id, region)
        ORDER BY variant_id, region FOR UPDATE OF quota
    ), returned AS (
        UPDATE quota SET used = used - locked.quantity FROM locked
        WHERE (quota.variant_id, quota.region) = (locked.variant_id, locked.region)
    )
    SELECT count(*) FROM ended
""")
WANT: Final = text("""
    UPDATE quota SET wanted_at = now() FROM variant
    WHERE (variant_id, region) IN (
        SELECT variant_id, region FROM quota
        WHERE region = :region AND (granted - used) * :part < granted
          AND (wanted_at IS NULL OR wanted_at < now() - interval '30 s')
        ORDER BY variant_id LIMIT :limit FOR UPDATE SKIP LOCKED
    ) AND variant.id = variant_id
    RETURNING sku, region, granted, used
""")
RICHEST: Final = text("""
    SELECT variant_id, region, granted - used AS spare FROM quota JOIN variant ON variant.id = variant_id
    WHERE sku = :sku AND region <> :region ORDER BY granted - used DESC LIMIT 1 FOR UPDATE OF quota
""")
SEND: Final = text("""
    WITH less AS (
        UPDATE quota SET granted = granted - :quantity WHERE variant_id = :variant_id AND region = :source
    )
    INSERT INTO quota_transfer (variant_id, source, target, quantity)
    VALUES (:variant_id, :source, :target, :quantity) RETURNING id
""")
RECEIVE: Final = text("""
    UPDATE quota SET granted = granted + :quantity FROM variant
    WHERE variant.id = variant_id AND sku = :sku AND region = :region
""")
SETTLE: Final = text("UPDATE quota_transfer SET received_at = now() WHERE id = :id AND received_at IS NULL")


async def find_quotas(transaction: Transaction, skus: Sequence[str]) -> list[Quota]:
    rows = await transaction.execute(FIND, {"skus": [sku for sku in skus if "\0" not in sku]})
    return [_quota(row) for row in rows]


async def put_quota(transaction: Transaction, variant_id: UUID, region: str, granted: int) -> bool:
    """Let the region sell so many; False when it has sold more already."""
    parameters = {"variant_id": variant_id, "region": region, "granted": granted}
    return bool((await transaction.execute(PUT, parameters)).rowcount)


async def take(
    transaction: Transaction, region: str, demands: Sequence[Demand]
) -> tuple[dict[UUID, int], list[Shortage]]:
    """Use the region's quotas, all or none: what was used of each variant that has one, or what there is too little of."""
    skus, quantities = [each.sku for each in demands], [each.quantity for each in demands]
    parameters = {"region": region, "skus": skus, "quantities": quantities}
    rows = (await transaction.execute(TAKE, parameters)).all()
    short = [Shortage(row.sku, row.quantity, row.spare) for row in rows if row.spare < row.quantity]
    return {} if short else {row.variant_id: row.quantity for row in rows}, short


async def untake(transaction: Transaction, region: str, taken: Mapping[UUID, int]) -> None:
    """Give back at once what this transaction used for nothing."""
    columns = {"variants": list(taken), "quantities": list(taken.values())}
    await transaction.execute(UNTAKE, {"region": region, **columns})


async def note(
    transaction: Transaction, reservation_id: UUID, region: str, taken: Mapping[UUID, int]
) -> None:
    """Remember which quotas the reservation uses."""
    known = {"reservation_id": reservation_id, "region": region, "variants": list(taken)}
    await transaction.execute(NOTE, known)


async def give_back(transaction: Transaction, limit: int) -> int:
    """Give back what reservations used that have ended unsold; returns of how many lines at most."""
    count: int = (await transaction.execute(GIVE_BACK, {"limit": limit})).scalar_one()
    return count


async def want(transaction: Transaction, region: str, limit: int) -> list[Quota]:
    """The region's quotas that are low and were not asked for lately; now they are."""
    rows = await transaction.execute(WANT, {"region": region, "part": LOW_PART, "limit": limit})
    return [_quota(row) for row in rows]


async def lock_richest(transaction: Transaction, sku: str, region: str) -> tuple[UUID, str, int] | None:
    """The variant, the region and what is left of the quota that has most of it, other than `region`'s."""
    row = (await transaction.execute(RICHEST, {"sku": sku, "region": region})).one_or_none()
    return (row.variant_id, row.region, row.spare) if row else None


async def send(transaction: Transaction, variant_id: UUID, source: str, target: str, quantity: int) -> UUID:
    """The first phase: the source has less, and the quota is on its way."""
    ends = {"variant_id": variant_id, "source": source, "target": target, "quantity": quantity}
    sent: UUID = (await transaction.execute(SEND, ends)).scalar_one()
    return sent


async def receive(transaction: Transaction, sku: str, region: str, quantity: int) -> bool:
    """The second phase: the target has more; False when that region's quotas are not here."""
    parameters = {"sku": sku, "region": region, "quantity": quantity}
    return bool((await transaction.execute(RECEIVE, parameters)).rowcount)


async def settle(transaction: Transaction, transfer_id: UUID) -> None:
    """The quota has arrived."""
    await transaction.execute(SETTLE, {"id": transfer_id})


def _quota(row: Row[Any]) -> Quota:
    return Quota(row.sku, row.region, row.granted, row.used)
