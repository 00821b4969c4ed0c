"""Endpoints of webhooks, what they are told, and how far each telling has come."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE webhook_endpoint (
        id uuid PRIMARY KEY DEFAULT uuidv7(),
        url text NOT NULL,
        secret text NOT NULL,
        old_secret text,
        old_secret_until timestamptz,
        is_enabled boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE webhook_message (
        id text PRIMARY KEY,
        type text NOT NULL,
        object_id uuid NOT NULL,
        body text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE webhook_delivery (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        endpoint_id uuid NOT NULL REFERENCES webhook_endpoint ON DELETE CASCADE,
        message_id text NOT NULL REFERENCES webhook_message,
        object_id uuid NOT NULL,
        state text NOT NULL DEFAULT 'PENDING' CHECK (state IN ('PENDING', 'DELIVERED', 'DEAD')),
        attempts integer NOT NULL DEFAULT 0,
        next_at timestamptz NOT NULL DEFAULT now(),
        last_status integer,
        last_error text,
        UNIQUE (endpoint_id, message_id)
    )
    """,
    "CREATE INDEX webhook_delivery_due ON webhook_delivery (next_at) WHERE state = 'PENDING'",
    # whether an earlier one of the same object is still on its way
    """
    CREATE INDEX webhook_delivery_order ON webhook_delivery (endpoint_id, object_id, id)
    WHERE state = 'PENDING'
    """,
    "CREATE INDEX webhook_delivery_endpoint ON webhook_delivery (endpoint_id, state, id)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE webhook_delivery, webhook_message, webhook_endpoint")
