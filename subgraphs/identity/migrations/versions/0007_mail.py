"""Letters to be sent, the tokens in them, and which addresses were proved by one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NOW = sa.text("now()")


def upgrade() -> None:
    op.add_column("user", sa.Column("email_verified_at", sa.DateTime(timezone=True)))
    op.create_table(
        "mail",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("sendings", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("failures", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_mail_due_at", "mail", ["due_at"])
    op.create_table(
        "email_token",
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, primary_key=True),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("user.id", ondelete="CASCADE")),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("email_token")
    op.drop_table("mail")
    op.drop_column("user", "email_verified_at")
