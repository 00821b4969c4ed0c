"""How many pieces of a variant one person may have."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("variant", sa.Column("limit_pieces", sa.Integer))
    op.add_column("variant", sa.Column("limit_seconds", sa.Integer, nullable=False, server_default="0"))
    op.create_check_constraint("variant_limit", "variant", "limit_pieces > 0 AND limit_seconds >= 0")


def downgrade() -> None:
    op.drop_column("variant", "limit_seconds")
    op.drop_column("variant", "limit_pieces")
