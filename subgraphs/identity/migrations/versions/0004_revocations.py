"""The revocations of tokens, counted without gaps in each region, and which of the regions is this one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UUIDV7 = sa.text("uuidv7()")


def upgrade() -> None:
    op.create_table(
        "region",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("feed", sa.Uuid, nullable=False, server_default=UUIDV7),
        sa.Column("newest", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("is_own", sa.Boolean, nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False, server_default="epoch"),
    )
    op.create_index("region_own", "region", ["is_own"], unique=True, postgresql_where=sa.text("is_own"))
    op.execute("INSERT INTO region (name, is_own) VALUES ('home', true)")
    op.create_table(
        "revocation",
        sa.Column("region", sa.Text, sa.ForeignKey("region.name", onupdate="CASCADE"), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text),
        sa.Column("value", sa.Text),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("issued_until", sa.DateTime(timezone=True)),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
    )
    op.create_index("revocation_until", "revocation", ["until"])


def downgrade() -> None:
    op.drop_table("revocation")
    op.drop_table("region")
