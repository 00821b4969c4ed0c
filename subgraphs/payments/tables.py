"""The tables of payments' schema as queries see them; `migrations/` creates them with their constraints."""

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, FetchedValue, MetaData, Table, Text, Uuid

metadata: Final = MetaData()

account: Final = Table(
    "account",
    metadata,
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("kind", Text),
    Column("owner_id", Text),
    Column("currency", Text),
    Column("debits", BigInteger),
    Column("credits", BigInteger),
    Column("floor", BigInteger),
)

transfer: Final = Table(
    "transfer",
    metadata,
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("kind", Text),
    Column("debit_account_id", Uuid),
    Column("credit_account_id", Uuid),
    Column("amount", BigInteger),
    Column("currency", Text),
    Column("payment_id", Uuid),
)

payment: Final = Table(
    "payment",
    metadata,
    Column("id", Uuid, FetchedValue(), primary_key=True),
    Column("reservation_id", Uuid),
    Column("payer_id", Text),
    Column("amount", BigInteger),
    Column("currency", Text),
    Column("state", Text),
    Column("decline_reason", Text),
    Column("created_at", DateTime(timezone=True)),
)
