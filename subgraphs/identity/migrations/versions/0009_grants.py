"""Authorization codes, and the families of refresh tokens that they become."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
TEXTS = postgresql.ARRAY(sa.Text)


def upgrade() -> None:
    op.create_table(
        "token_family",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("session.id", ondelete="CASCADE")),
        sa.Column("scopes", TEXTS, nullable=False),
        sa.Column("userinfo_claims", TEXTS, nullable=False),
        sa.Column("authenticated_at", MOMENT, nullable=False),
        sa.Column("amr", TEXTS, nullable=False),
        sa.Column("current_hash", sa.LargeBinary),
        sa.Column("previous_hash", sa.LargeBinary),
        sa.Column("sealed_successor", sa.LargeBinary),
        sa.Column("rotated_at", MOMENT),
        sa.Column("last_used_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("token_family_of_user", "token_family", ["user_id", "client_id"])
    op.create_index("token_family_of_session", "token_family", ["session_id"])
    op.create_index("token_family_expiry", "token_family", ["expires_at"])
    op.create_table(
        "authorization_code",
        sa.Column("code_hash", sa.LargeBinary, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("session_id", sa.Uuid, sa.ForeignKey("session.id", ondelete="CASCADE"), nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("code_challenge", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text),
        sa.Column("scopes", TEXTS, nullable=False),
        sa.Column("id_token_claims", TEXTS, nullable=False),
        sa.Column("userinfo_claims", TEXTS, nullable=False),
        sa.Column("authenticated_at", MOMENT, nullable=False),
        sa.Column("amr", TEXTS, nullable=False),
        sa.Column("family_id", sa.Uuid),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("authorization_code_of_session", "authorization_code", ["session_id"])
    op.create_index("authorization_code_expiry", "authorization_code", ["expires_at"])


def downgrade() -> None:
    op.drop_table("authorization_code")
    op.drop_table("token_family")
