"""Intents and refunds as documents, the log of charges, webhooks to send, and the tables of the kernel."""

from alembic import op

from common.database import create_kernel_tables, drop_kernel_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE intent (
        id text PRIMARY KEY,
        document jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX intent_metadata ON intent USING gin ((document -> 'metadata'))",
    """
    CREATE TABLE refund (
        id text PRIMARY KEY,
        intent_id text NOT NULL REFERENCES intent,
        document jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX refund_intent ON refund (intent_id, created_at)",
    """
    CREATE TABLE entry (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN ('authorised', 'declined', 'canceled', 'charge', 'refund')),
        intent_id text NOT NULL REFERENCES intent,
        source_id text NOT NULL,
        amount bigint NOT NULL,
        fee bigint NOT NULL,
        currency text NOT NULL,
        reference text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE UNIQUE INDEX entry_charged_once ON entry (source_id) WHERE kind IN ('charge', 'refund')",
    "CREATE INDEX entry_created ON entry (created_at)",
    "CREATE TABLE lost_request (key text PRIMARY KEY, lost_at timestamptz NOT NULL DEFAULT now())",
    """
    CREATE TABLE webhook (
        id text PRIMARY KEY,
        body text NOT NULL,
        copies smallint NOT NULL,
        attempts smallint NOT NULL DEFAULT 0,
        next_at timestamptz NOT NULL DEFAULT now(),
        delivered_at timestamptz
    )
    """,
    "CREATE INDEX webhook_due ON webhook (next_at) WHERE delivered_at IS NULL",
)


def upgrade() -> None:
    create_kernel_tables(op)
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE webhook, lost_request, entry, refund, intent")
    drop_kernel_tables(op)
