"""The tables that the kernel keeps in every service's schema; a service's first revision creates them."""

from collections.abc import Sequence
from typing import Protocol

KERNEL_TABLES: Sequence[str] = (
    """
    CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        message_id uuid NOT NULL DEFAULT uuidv7(),
        subject text NOT NULL,
        aggregate_id text NOT NULL,
        payload jsonb NOT NULL,
        headers jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        published_at timestamptz
    )
    """,
    "CREATE INDEX outbox_unpublished ON outbox (txid, id) WHERE published_at IS NULL",
    "CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL",
    """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        message_id uuid NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, message_id)
    )
    """,
    "CREATE INDEX inbox_received ON inbox (received_at)",
    """
    CREATE TABLE parked (
        consumer text NOT NULL,
        message_id uuid NOT NULL,
        subject text NOT NULL,
        payload bytea NOT NULL,
        headers jsonb NOT NULL,
        error text NOT NULL,
        parked_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, message_id)
    )
    """,
    """
    CREATE TABLE idempotency (
        scope text NOT NULL,
        key text NOT NULL,
        fingerprint bytea NOT NULL,
        result jsonb,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (scope, key)
    )
    """,
    "CREATE INDEX idempotency_created ON idempotency (created_at)",
    """
    CREATE TABLE lease (
        name text PRIMARY KEY,
        holder text NOT NULL,
        token bigint NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
)


class Operations(Protocol):
    """The part of `alembic.op` that is used here."""

    def execute(self, sqltext: str) -> None: ...


def create_kernel_tables(op: Operations) -> None:
    """Create outbox, inbox, parked, idempotency and lease; `op` is `alembic.op`."""
    for statement in KERNEL_TABLES:
        op.execute(statement)


def drop_kernel_tables(op: Operations) -> None:
    """Drop them again."""
    op.execute("DROP TABLE outbox, inbox, parked, idempotency, lease")
