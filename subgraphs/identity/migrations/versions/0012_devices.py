"""Device codes, while somebody has yet to type the user's half."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "device_authorization",
        sa.Column("device_code_hash", sa.LargeBinary, primary_key=True),
        sa.Column("user_code", sa.Text, nullable=False, unique=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="PENDING"),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("session.id", ondelete="CASCADE")),
        sa.Column("interval", sa.SmallInteger, nullable=False),
        sa.Column("polled_at", MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("device_authorization_of_session", "device_authorization", ["session_id"])
    op.create_index("device_authorization_expiry", "device_authorization", ["expires_at"])


def downgrade() -> None:
    op.drop_table("device_authorization")
