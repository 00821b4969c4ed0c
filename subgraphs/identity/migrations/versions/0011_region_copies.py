"""What a region knows of the others: their public keys, and which of them signs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    keys = sa.Column("public_keys", postgresql.JSONB, nullable=False, server_default="[]")
    op.add_column("region", keys)
    op.add_column("region", sa.Column("active_kid", sa.Text))


def downgrade() -> None:
    op.drop_column("region", "active_kid")
    op.drop_column("region", "public_keys")
