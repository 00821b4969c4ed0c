"""Authorization requests that clients have pushed, and which clients must (RFC 9126)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pushed_request",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("fields", postgresql.JSONB, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("pushed_request_expiry", "pushed_request", ["expires_at"])
    must_push = sa.Column(
        "require_pushed_authorization_requests", sa.Boolean, nullable=False, server_default=sa.false()
    )
    op.add_column("client", must_push)


def downgrade() -> None:
    op.drop_column("client", "require_pushed_authorization_requests")
    op.drop_table("pushed_request")
