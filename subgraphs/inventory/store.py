"""The SQL of inventory, and nothing but.

A transaction changes the stock of one product at most and locks its `level` row before any reservation, so that
no two transactions can wait for one another in a circle. Time is the database's. Parameters have names that no column
has: SQLAlchemy would take them for values to set.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.database import Transaction
from subgraphs.inventory.domain import (
    Article,
    Bucket,
    Money,
    Product,
    ProductPosition,
    Reservation,
    ReservationState,
    StockLevel,
)
from subgraphs.inventory.tables import level, movement, product, reservation

_due: Final = sa.and_(
    reservation.c.state == ReservationState.HELD.value, reservation.c.expires_at <= sa.func.now()
)
_held: Final = sa.and_(
    reservation.c.state == ReservationState.HELD.value, reservation.c.expires_at > sa.func.now()
)

_products: Final = sa.select(*(column for column in product.c if column is not product.c.words))

_seen: Final = sa.select(
    reservation.c.id,
    reservation.c.owner_id,
    reservation.c.product_id,
    reservation.c.quantity,
    reservation.c.total_amount,
    reservation.c.currency,
    sa.case((_due, ReservationState.EXPIRED.value), else_=reservation.c.state).label("state"),
    reservation.c.expires_at,
    reservation.c.created_at,
)
"""Reservations as they are to be seen: one past its time has expired, whether swept or not."""

_lapsed: Final = (
    sa.select(sa.func.coalesce(sa.func.sum(reservation.c.quantity), 0))
    .where(reservation.c.product_id == level.c.product_id, _due)
    .scalar_subquery()
)


async def find_products(transaction: Transaction, keys: Sequence[UUID | str]) -> dict[UUID | str, Product]:
    """The products whose id or whose SKU is among `keys`, by both."""
    ids = [key for key in keys if isinstance(key, UUID)]
    skus = [key for key in keys if isinstance(key, str) and "\0" not in key]  # which PostgreSQL cannot take
    is_asked_for = _is_any(product.c.id, ids) | _is_any(product.c.sku, skus)
    rows = await transaction.execute(_products.where(is_asked_for))
    found = [_product(row) for row in rows]
    return {each.id: each for each in found} | {each.sku: each for each in found}


async def list_products(
    transaction: Transaction, *, limit: int, after: ProductPosition | None, search: str | None
) -> list[Product]:
    """Up to `limit` products behind `after`, in the catalogue's order; `search` as in a web search."""
    query = _products.order_by(product.c.name, product.c.id).limit(limit)
    if after is not None:
        query = query.where(sa.tuple_(product.c.name, product.c.id) > (after.name, after.id))
    if search is not None:
        words = sa.func.websearch_to_tsquery(sa.literal_column("'english'::regconfig"), search)
        query = query.where(product.c.words.op("@@")(words))
    return [_product(row) for row in await transaction.execute(query)]


async def find_levels(transaction: Transaction, product_ids: Sequence[UUID]) -> dict[UUID, StockLevel]:
    """The stock of each product; pieces whose hold has run out count as available, swept or not."""
    reserved = sa.cast(level.c.reserved - _lapsed, sa.Integer).label("reserved")
    query = sa.select(level.c.product_id, level.c.on_hand, reserved, level.c.committed)
    rows = await transaction.execute(query.where(_is_any(level.c.product_id, product_ids)))
    return {
        row.product_id: StockLevel(on_hand=row.on_hand, reserved=row.reserved, committed=row.committed)
        for row in rows
    }


async def find_reservations(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, Reservation]:
    rows = await transaction.execute(_seen.where(_is_any(reservation.c.id, ids)))
    return {row.id: _reservation(row) for row in rows}


async def list_reservations(
    transaction: Transaction, owner_ids: Sequence[str], limit: int
) -> dict[str, list[Reservation]]:
    """The newest `limit` reservations of each owner."""
    owner = (
        sa.func.unnest(sa.literal(list(owner_ids), sa.ARRAY(sa.Text)))
        .table_valued("id")
        .render_derived("owner")
    )
    newest = _seen.where(reservation.c.owner_id == owner.c.id).order_by(reservation.c.id.desc()).limit(limit)
    found_for = newest.correlate(owner).lateral("newest")
    rows = await transaction.execute(sa.select(found_for).select_from(owner.join(found_for, sa.true())))
    found: dict[str, list[Reservation]] = {owner_id: [] for owner_id in owner_ids}
    for row in rows:
        found[row.owner_id].append(_reservation(row))
    return found


def _reserve_statement() -> sa.Select[Any]:
    """Check, decrement, reservation and movement as one statement: it either takes all the pieces or nothing."""
    quantity = sa.bindparam("pieces", type_=sa.Integer)
    taken = (
        sa.update(level)
        .where(
            level.c.product_id == product.c.id,
            product.c.sku == sa.bindparam("of_sku", type_=sa.Text),
            level.c.on_hand - level.c.reserved - level.c.committed >= quantity,
        )
        .values(reserved=level.c.reserved + quantity)
        .returning(product.c.id, product.c.price_amount, product.c.currency)
        .cte("taken")
    )
    values = {
        reservation.c.owner_id: sa.bindparam("held_for", type_=sa.Text),
        reservation.c.product_id: taken.c.id,
        reservation.c.quantity: quantity,
        reservation.c.total_amount: taken.c.price_amount * quantity,
        reservation.c.currency: taken.c.currency,
        reservation.c.expires_at: sa.func.now() + sa.bindparam("hold", type_=sa.Interval),
    }
    held = (
        insert(reservation)
        .from_select(list(values), sa.select(*values.values()))
        .returning(*reservation.c)
        .cte("held")
    )
    moved = _move(held, Bucket.AVAILABLE, Bucket.RESERVED)
    return sa.select(held).add_cte(moved)


def _end_statement(
    condition: sa.ColumnElement[bool], state: ReservationState, target: Bucket
) -> sa.Select[Any]:
    """Ends the reservations that meet `condition` and moves their pieces from RESERVED to `target`."""
    ended = (
        sa.update(reservation)
        .where(condition)
        .values(state=state.value, ended_at=sa.func.now())
        .returning(*reservation.c)
        .cte("ended")
    )
    sums = (
        sa.select(ended.c.product_id, sa.cast(sa.func.sum(ended.c.quantity), sa.Integer).label("quantity"))
        .group_by(ended.c.product_id)
        .subquery("sums")
    )
    changes = {"reserved": level.c.reserved - sums.c.quantity}
    if target is Bucket.COMMITTED:
        changes["committed"] = level.c.committed + sums.c.quantity
    counted = sa.update(level).where(level.c.product_id == sums.c.product_id).values(changes).cte("counted")
    return sa.select(ended).add_cte(counted, _move(ended, Bucket.RESERVED, target))


async def reserve(
    transaction: Transaction, *, sku: str, quantity: int, owner_id: str, hold: timedelta
) -> Reservation | None:
    """Hold the pieces for `hold`, or return None when there is no such product or too little of it."""
    parameters = {"of_sku": sku, "pieces": quantity, "held_for": owner_id, "hold": hold}
    row = (await transaction.execute(_RESERVE, parameters)).one_or_none()
    return _reservation(row) if row else None


async def lock_level(transaction: Transaction, product_id: UUID) -> None:
    """Wait until no other transaction changes the product's stock, and let none until this one ends."""
    query = sa.select(level.c.product_id).where(level.c.product_id == product_id)
    await transaction.execute(query.with_for_update(key_share=True))


async def commit(transaction: Transaction, reservation_id: UUID) -> Reservation | None:
    """Sell the pieces; None when the reservation has ended or its time is over."""
    row = (await transaction.execute(_COMMIT, {"of_reservation": reservation_id})).one_or_none()
    return _reservation(row) if row else None


async def release(transaction: Transaction, reservation_id: UUID) -> Reservation | None:
    """Put the pieces back on offer; None when the reservation has ended or its time is over."""
    row = (await transaction.execute(_RELEASE, {"of_reservation": reservation_id})).one_or_none()
    return _reservation(row) if row else None


async def expire(transaction: Transaction, product_id: UUID) -> list[Reservation]:
    """Put the pieces of the product's reservations whose time is over back on offer."""
    rows = await transaction.execute(_EXPIRE, {"of_product": product_id})
    return [_reservation(row) for row in rows]


async def products_with_due_reservations(transaction: Transaction) -> list[UUID]:
    rows = await transaction.execute(sa.select(reservation.c.product_id).where(_due).distinct())
    return list(rows.scalars())


async def add_product(transaction: Transaction, article: Article) -> None:
    """Put a product with its first pieces into the catalogue, unless its SKU is there already."""
    price = article.price
    new = insert(product).values(
        sku=article.sku,
        name=article.name,
        description=article.description,
        category=article.category,
        price_amount=price.amount,
        currency=price.currency,
    )
    statement = new.on_conflict_do_nothing(index_elements=["sku"]).returning(product.c.id)
    product_id = (await transaction.execute(statement)).scalar_one_or_none()
    if product_id is None:
        return
    await transaction.execute(insert(level).values(product_id=product_id, on_hand=article.pieces))
    buckets = {"source": Bucket.OUTSIDE.value, "target": Bucket.AVAILABLE.value}
    delivery = insert(movement).values(product_id=product_id, quantity=article.pieces, **buckets)
    await transaction.execute(delivery)


def _is_any(column: sa.ColumnElement[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Like IN, but the same statement for any number of values, so that it stays prepared."""
    return column == sa.any_(sa.literal(list(values), sa.ARRAY(column.type)))


def _move(pieces: sa.CTE, source: Bucket, target: Bucket) -> sa.CTE:
    """Records that the pieces of the reservations in `pieces` moved from one bucket to another."""
    columns = ["product_id", "source", "target", "quantity", "reservation_id"]
    rows = sa.select(
        pieces.c.product_id,
        sa.literal(source.value),
        sa.literal(target.value),
        pieces.c.quantity,
        pieces.c.id,
    )
    return insert(movement).from_select(columns, rows).cte("moved")


def _product(row: sa.Row[Any]) -> Product:
    return Product(
        id=row.id,
        sku=row.sku,
        name=row.name,
        description=row.description,
        category=row.category,
        price=Money(row.price_amount, row.currency),
    )


def _reservation(row: sa.Row[Any]) -> Reservation:
    return Reservation(
        id=row.id,
        owner_id=row.owner_id,
        product_id=row.product_id,
        quantity=row.quantity,
        total=Money(row.total_amount, row.currency),
        state=ReservationState(row.state),
        expires_at=row.expires_at,
        created_at=row.created_at,
    )


_this: Final = reservation.c.id == sa.bindparam("of_reservation", type_=sa.Uuid)
_RESERVE: Final = _reserve_statement()
_COMMIT: Final = _end_statement(_this & _held, ReservationState.COMMITTED, Bucket.COMMITTED)
_RELEASE: Final = _end_statement(_this & _held, ReservationState.RELEASED, Bucket.AVAILABLE)
_EXPIRE: Final = _end_statement(
    (reservation.c.product_id == sa.bindparam("of_product", type_=sa.Uuid)) & _due,
    ReservationState.EXPIRED,
    Bucket.AVAILABLE,
)
