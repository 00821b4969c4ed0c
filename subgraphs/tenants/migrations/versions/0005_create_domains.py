"""Domains of customers' own: claimed by any tenant, and one tenant's once it has proved them."""

import sqlalchemy as sa
from alembic import op

from common.tenancy import isolate

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "domain",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id"), primary_key=True),
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True)),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )
    is_verified = sa.text("verified_at IS NOT NULL")
    # only who has proved a domain meets it
    op.create_index("domain_verified", "domain", ["host"], unique=True, postgresql_where=is_verified)
    op.create_index("domain_due", "domain", ["checked_at"], postgresql_where=is_verified)
    isolate(op, "tenants", "domain")


def downgrade() -> None:
    op.drop_table("domain")
