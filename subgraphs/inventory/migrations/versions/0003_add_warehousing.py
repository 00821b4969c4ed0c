"""What people in a warehouse do: ship, transfer, take stock, bundle, watch for low stock; parts of hot items."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "ALTER TABLE reservation ADD COLUMN shipped_at timestamptz",
    """
    ALTER TABLE level
        ADD COLUMN low_at integer NOT NULL DEFAULT 0,
        ADD COLUMN is_low boolean NOT NULL DEFAULT false,
        ADD COLUMN parts smallint NOT NULL DEFAULT 0,
        ADD CONSTRAINT level_parts CHECK (parts >= 0 AND low_at >= 0 AND (slot = 0 OR parts = 0))
    """,
    "CREATE INDEX level_hot ON level (variant_id) WHERE parts > 0",
    """
    CREATE TABLE transfer (
        id uuid PRIMARY KEY DEFAULT uuidv7(),
        source_warehouse text NOT NULL REFERENCES warehouse,
        target_warehouse text NOT NULL REFERENCES warehouse,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT transfer_moves CHECK (source_warehouse <> target_warehouse)
    )
    """,
    """
    CREATE TABLE transfer_line (
        transfer_id uuid NOT NULL REFERENCES transfer,
        variant_id uuid NOT NULL REFERENCES variant,
        quantity integer NOT NULL,
        received integer NOT NULL DEFAULT 0,
        lost integer NOT NULL DEFAULT 0,
        PRIMARY KEY (transfer_id, variant_id),
        CONSTRAINT transfer_line_quantity CHECK (
            quantity > 0 AND received >= 0 AND lost >= 0 AND received + lost <= quantity
        )
    )
    """,
    """
    CREATE TABLE bundle_part (
        bundle_id uuid NOT NULL REFERENCES variant,
        part_id uuid NOT NULL REFERENCES variant,
        quantity integer NOT NULL,
        PRIMARY KEY (bundle_id, part_id),
        CONSTRAINT bundle_part_quantity CHECK (quantity BETWEEN 1 AND 1000 AND bundle_id <> part_id)
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(sa.text(statement))


def downgrade() -> None:
    for table in ("bundle_part", "transfer_line", "transfer"):
        op.drop_table(table)
    op.execute("ALTER TABLE level DROP COLUMN low_at, DROP COLUMN is_low, DROP COLUMN parts")
    op.execute("ALTER TABLE reservation DROP COLUMN shipped_at")
