"""API keys, and the numbered changes that data planes follow."""

import sqlalchemy as sa
from alembic import op

from common.tenancy import isolate

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "tenants"
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id"), primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("start", sa.Text, nullable=False),
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("rolled_from", sa.Uuid),
        sa.CheckConstraint("length(key_hash) = 32", name="api_key_hash"),
    )
    # nobody chooses what a random key hashes to, so that this tells nothing
    op.create_index("api_key_by_hash", "api_key", ["key_hash"], unique=True)
    op.create_index("api_key_by_id", "api_key", ["id"])
    isolate(op, SCHEMA, "api_key", may="SELECT, INSERT, UPDATE")
    _create_change()


def downgrade() -> None:
    for table in ("feed", "change", "api_key"):
        op.drop_table(table)


def _create_change() -> None:
    op.create_table(
        "change",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key_hash", sa.LargeBinary),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.CheckConstraint("kind IN ('TENANT', 'KEY')", name="change_kind"),
        sa.CheckConstraint("(kind = 'KEY') = (key_hash IS NOT NULL)", name="change_key"),
    )
    op.create_index("change_at", "change", ["at"])
    op.create_table("feed", sa.Column("last", sa.BigInteger, nullable=False))
    op.execute("INSERT INTO feed VALUES (0)")
    op.execute('GRANT INSERT ON change TO "hansa_tenants_tenant"')
    op.execute('GRANT SELECT, UPDATE ON feed TO "hansa_tenants_tenant"')
