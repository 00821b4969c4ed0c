"""Which clients know of a session, and the notices to them that it has ended (OpenID Connect Back-Channel Logout 1.0)."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("client", sa.Column("backchannel_logout_uri", sa.Text))
    op.create_table(
        "session_client",
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("session.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("client_id", sa.Text, primary_key=True),
    )
    op.create_table(
        "logout_notice",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("due_at", MOMENT, nullable=False, server_default=sa.text("now()")),
    )
    op.create_index("logout_notice_due", "logout_notice", ["due_at"])


def downgrade() -> None:
    op.drop_table("logout_notice")
    op.drop_table("session_client")
    op.drop_column("client", "backchannel_logout_uri")
