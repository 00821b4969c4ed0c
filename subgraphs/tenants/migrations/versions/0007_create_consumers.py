"""Consumers: whose keys a tenant's keys are. Those that keys name already are made."""

import sqlalchemy as sa
from alembic import op

from common.tenancy import isolate

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consumer",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id"), primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("tenant_id", "external_id", name="consumer_external_id"),
    )
    op.create_index("consumer_by_id", "consumer", ["id"])
    isolate(op, "tenants", "consumer", may="SELECT, INSERT, UPDATE")
    op.execute("""
        INSERT INTO consumer (tenant_id, external_id, name, created_at)
        SELECT tenant_id, consumer, consumer, min(created_at) FROM api_key GROUP BY tenant_id, consumer
    """)
    op.create_index("api_key_by_consumer", "api_key", ["tenant_id", "consumer", "id"])
    op.create_foreign_key(
        "api_key_consumer", "api_key", "consumer", ["tenant_id", "consumer"], ["tenant_id", "external_id"]
    )


def downgrade() -> None:
    op.drop_constraint("api_key_consumer", "api_key")
    op.drop_index("api_key_by_consumer", "api_key")
    op.drop_table("consumer")
