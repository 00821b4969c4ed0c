"""What tenants' APIs were used for, by the hour, and the batches in which data planes told it."""

import sqlalchemy as sa
from alembic import op

from common.tenancy import isolate

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_batch",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
    )
    op.create_index("usage_batch_at", "usage_batch", ["at"])
    numbers = ("requests", "refused", "failed", "bytes_in", "bytes_out")
    op.create_table(
        "usage",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id"), primary_key=True),
        sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("route", "consumer", "key_id")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in numbers),
        *(sa.CheckConstraint(f"{name} >= 0", name=f"usage_{name}") for name in numbers),
        # every batch adds to the rows of the hour: room on the page keeps the index out of it
        postgresql_with={"fillfactor": 70},
    )
    isolate(op, "tenants", "usage", may="SELECT")


def downgrade() -> None:
    op.drop_table("usage")
    op.drop_table("usage_batch")
