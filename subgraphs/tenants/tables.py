"""The tables of the tenants' schema as queries see them; `migrations/` creates them with their constraints and policies."""

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    DateTime,
    FetchedValue,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData()

plan: Final = Table(
    "plan",
    metadata,
    Column("name", Text, primary_key=True),
    Column("title", Text),
    Column("price_amount", BigInteger),
    Column("price_currency", Text),
    Column("rate", Integer),
    Column("burst", Integer),
    Column("quota", BigInteger),
    Column("included", BigInteger),
    Column("overage_amount", BigInteger),
    Column("overage_unit", BigInteger),
    Column("concurrency", Integer),
    Column("keys", Integer),
    Column("members", Integer),
    Column("routes", Integer),
)

tenant: Final = Table(
    "tenant",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text),
    Column("name", Text),
    Column("plan", Text),
    Column("config_version", Integer),
    Column("suspended_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), FetchedValue()),
)

member: Final = Table(
    "member",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("role", Text),
    Column("joined_at", DateTime(timezone=True), FetchedValue()),
)

invitation: Final = Table(
    "invitation",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("user_id", Text),
    Column("role", Text),
    Column("state", Text, FetchedValue()),
    Column("invited_by", Text),
    Column("created_at", DateTime(timezone=True), FetchedValue()),
    Column("expires_at", DateTime(timezone=True)),
)

audit: Final = Table(
    "audit",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("actor", Text),
    Column("action", Text),
    Column("subject", Text),
    Column("detail", JSONB),
    Column("at", DateTime(timezone=True), FetchedValue()),
)

consumer: Final = Table(
    "consumer",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("external_id", Text),
    Column("name", Text),
    Column("created_at", DateTime(timezone=True), FetchedValue()),
    Column("removed_at", DateTime(timezone=True)),
)

api_key: Final = Table(
    "api_key",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("name", Text),
    Column("start", Text),
    Column("key_hash", LargeBinary),
    Column("consumer", Text),
    Column("plan", Text),
    Column("scopes", ARRAY(Text)),
    Column("created_by", Text),
    Column("created_at", DateTime(timezone=True), FetchedValue()),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("rolled_from", Uuid),
)

configuration: Final = Table(
    "configuration",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", LargeBinary),
    Column("checksum", Text),
    Column("restored", Integer),
    Column("created_by", Text),
    Column("created_at", DateTime(timezone=True), FetchedValue()),
)

domain: Final = Table(
    "domain",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("host", Text, primary_key=True),
    Column("token", Text),
    Column("verified_at", DateTime(timezone=True)),
    Column("failing_since", DateTime(timezone=True)),
    Column("checked_at", DateTime(timezone=True), FetchedValue()),
    Column("created_at", DateTime(timezone=True), FetchedValue()),
)

change: Final = Table(
    "change",
    metadata,
    Column("sequence", BigInteger, primary_key=True),
    Column("tenant_id", Uuid),
    Column("kind", Text),
    Column("key_hash", LargeBinary),
    Column("at", DateTime(timezone=True), FetchedValue()),
)

feed: Final = Table("feed", metadata, Column("last", BigInteger))
"""One row: the number of the last change. Who adds one holds it until the end of the transaction, so that no number is missing."""

usage_batch: Final = Table("usage_batch", metadata, Column("id", Uuid, primary_key=True))

usage: Final = Table(
    "usage",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("hour", DateTime(timezone=True), primary_key=True),
    Column("route", Text, primary_key=True),
    Column("consumer", Text, primary_key=True),
    Column("key_id", Text, primary_key=True),
    Column("requests", BigInteger),
    Column("refused", BigInteger),
    Column("failed", BigInteger),
    Column("bytes_in", BigInteger),
    Column("bytes_out", BigInteger),
)

terms: Final = Table(
    "terms",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("since", DateTime(timezone=True), primary_key=True),
    Column("plan", Text),
    Column("price_amount", BigInteger),
    Column("price_currency", Text),
    Column("included", BigInteger),
    Column("overage_amount", BigInteger),
    Column("overage_unit", BigInteger),
)

statement: Final = Table(
    "statement",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("month", Date, primary_key=True),
    Column("currency", Text),
    Column("closed_at", DateTime(timezone=True), FetchedValue()),
)

statement_line: Final = Table(
    "statement_line",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("statement_month", Date, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", Text),
    Column("month", Date),
    Column("plan", Text),
    Column("terms_since", DateTime(timezone=True)),
    Column("since", DateTime(timezone=True)),
    Column("until", DateTime(timezone=True)),
    Column("price", BigInteger),
    Column("unit", BigInteger),
    Column("requests", BigInteger),
    Column("allowance", BigInteger),
    Column("overage", BigInteger),
    Column("amount", BigInteger),
)

credit: Final = Table(
    "credit",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("amount", BigInteger),
    Column("currency", Text),
    Column("reason", Text),
    Column("expires_at", DateTime(timezone=True)),
    Column("granted_by", Text),
    Column("granted_at", DateTime(timezone=True), FetchedValue()),
)

credit_use: Final = Table(
    "credit_use",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("credit_id", Uuid, primary_key=True),
    Column("month", Date, primary_key=True),
    Column("amount", BigInteger),
)
