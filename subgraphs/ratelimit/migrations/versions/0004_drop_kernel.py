"""The limiter sends no events and runs nothing under a lease, so it has no use for what other services keep in their schema."""

from alembic import op

from common.database import create_kernel_tables

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP TABLE IF EXISTS outbox, inbox, parked, idempotency, lease")


def downgrade() -> None:
    create_kernel_tables(op)
