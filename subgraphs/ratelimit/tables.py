"""The tables of the rate limiter's schema as queries see them; `migrations/` creates them with their constraints."""

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    FetchedValue,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData()

namespace: Final = Table(
    "namespace",
    metadata,
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("name", Text),
    Column("description", Text),
)

policy: Final = Table(
    "policy",
    metadata,
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("namespace_id", Uuid),
    Column("name", Text),
    Column("by", ARRAY(Text)),
    Column("when", JSONB),
    Column("algorithm", Text),
    Column("limit", BigInteger),
    Column("period", Integer),
    Column("burst", BigInteger),
    Column("calendar", Text),
    Column("time_zone", Text),
    Column("fail_mode", Text),
    Column("is_shadow", Boolean),
    Column("is_leased", Boolean),
    Column("priority", Integer),
    Column("version", Integer),
    Column("changed_by", Text),
    Column("changed_at", DateTime(timezone=True)),
)

override: Final = Table(
    "override",
    metadata,
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("policy_id", Uuid),
    Column("pattern", Text),
    Column("limit", BigInteger),
    Column("burst", BigInteger),
    Column("until", DateTime(timezone=True)),
)

revision: Final = Table("revision", metadata, Column("number", BigInteger))
"""One row, whose number grows with every change: who has read the policies of this number has the latest."""
