"""Quotas by region, and those on their way from one to another."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE quota (
        variant_id uuid NOT NULL REFERENCES variant,
        region text NOT NULL,
        granted integer NOT NULL,
        used integer NOT NULL DEFAULT 0,
        wanted_at timestamptz,
        PRIMARY KEY (variant_id, region),
        CONSTRAINT quota_used CHECK (used >= 0 AND used <= granted)
    ) WITH (fillfactor = 60)
    """,
    """
    CREATE TABLE quota_transfer (
        id uuid PRIMARY KEY DEFAULT uuidv7(),
        variant_id uuid NOT NULL REFERENCES variant,
        source text NOT NULL,
        target text NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        sent_at timestamptz NOT NULL DEFAULT now(),
        received_at timestamptz
    )
    """,
    "ALTER TABLE reservation_line ADD COLUMN quota_region text",
    """
    CREATE INDEX reservation_line_quota ON reservation_line (reservation_id) WHERE quota_region IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(sa.text(statement))


def downgrade() -> None:
    op.drop_column("reservation_line", "quota_region")
    op.drop_table("quota_transfer")
    op.drop_table("quota")
