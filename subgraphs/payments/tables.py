"""The tables of payments' schema as queries see them; `migrations/` creates them with their constraints."""

from typing import Final

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData()

payment: Final = Table(
    "payment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", Integer),
    Column("reservation_id", Uuid),
    Column("payer_id", Text),
    Column("body", JSONB),
    Column("created_at", DateTime(timezone=True)),
)
