"""Roles, who has which, and the attributes that their grants may ask for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _user() -> sa.Column[object]:
    return sa.Column("user_id", sa.Uuid, sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "role",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("grants", postgresql.JSONB, nullable=False),
    )
    op.create_table(
        "user_role",
        _user(),
        sa.Column("role", sa.Text, primary_key=True, index=True),
        sa.Column("granted_by", sa.Uuid),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )
    op.create_table(
        "user_attribute",
        _user(),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("user_attribute")
    op.drop_table("user_role")
    op.drop_table("role")
