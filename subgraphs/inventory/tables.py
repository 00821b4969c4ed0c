"""The tables of inventory's schema as queries see them; `migrations/` creates them with their constraints."""

from typing import Final

from sqlalchemy import Column, DateTime, FetchedValue, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TSVECTOR

metadata: Final = MetaData()

product: Final = Table(
    "product",
    metadata,
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("sku", Text),
    Column("name", Text),
    Column("description", Text),
    Column("category", Text),
    Column("price_amount", Integer),
    Column("currency", Text),
    Column("words", TSVECTOR),
)

level: Final = Table(
    "level",
    metadata,
    Column("product_id", Uuid, primary_key=True),
    Column("on_hand", Integer),
    Column("reserved", Integer),
    Column("committed", Integer),
)

reservation: Final = Table(
    "reservation",
    metadata,
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("owner_id", Text),
    Column("product_id", Uuid),
    Column("quantity", Integer),
    Column("total_amount", Integer),
    Column("currency", Text),
    Column("state", Text),
    Column("expires_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
)

movement: Final = Table(
    "movement",
    metadata,
    Column("product_id", Uuid),
    Column("source", Text),
    Column("target", Text),
    Column("quantity", Integer),
    Column("reservation_id", Uuid),
)
