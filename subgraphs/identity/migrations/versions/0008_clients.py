"""Clients of the OpenID provider, and what people let them have."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
TEXTS = postgresql.ARRAY(sa.Text)


def upgrade() -> None:
    op.create_table(
        "client",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary),
        sa.Column("old_secret_hash", sa.LargeBinary),
        sa.Column("old_secret_until", MOMENT),
        sa.Column("redirect_uris", TEXTS, nullable=False),
        sa.Column("post_logout_redirect_uris", TEXTS, nullable=False),
        sa.Column("grant_types", TEXTS, nullable=False),
        sa.Column("scopes", TEXTS, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, server_default=NOW),
    )
    op.create_table(
        "consent",
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("client_id", sa.Text, primary_key=True),
        sa.Column("scopes", TEXTS, nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False, server_default=NOW),
    )


def downgrade() -> None:
    op.drop_table("consent")
    op.drop_table("client")
