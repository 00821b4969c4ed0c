"""What `common` keeps in each service's schema: outbox, inbox, parked, idempotency and lease."""

from alembic import op

from common.database import create_kernel_tables, drop_kernel_tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kernel_tables(op)


def downgrade() -> None:
    drop_kernel_tables(op)
