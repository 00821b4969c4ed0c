"""Where a client was registered, and the numbers by which other regions follow its changes."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("region", sa.Column("clients", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("client", sa.Column("region", sa.Text))
    op.add_column("client", sa.Column("seq", sa.BigInteger))
    op.add_column("client", sa.Column("ended_at", MOMENT))
    op.add_column("client", sa.Column("removed_at", MOMENT))
    op.execute(
        "UPDATE client SET region = region.name, seq = numbered.seq FROM region,"
        " (SELECT id, row_number() OVER (ORDER BY created_at, id) AS seq FROM client) AS numbered"
        " WHERE region.is_own AND numbered.id = client.id"
    )
    op.execute("UPDATE region SET clients = (SELECT count(*) FROM client) WHERE is_own")
    op.alter_column("client", "region", nullable=False)
    op.alter_column("client", "seq", nullable=False)
    op.create_foreign_key("client_region_fkey", "client", "region", ["region"], ["name"], onupdate="CASCADE")
    op.create_index("client_of_region", "client", ["region", "seq"])


def downgrade() -> None:
    op.execute("DELETE FROM client USING region WHERE region.name = client.region AND NOT region.is_own")
    op.execute("DELETE FROM client WHERE removed_at IS NOT NULL")
    op.drop_index("client_of_region", "client")
    for column in ("removed_at", "ended_at", "seq", "region"):
        op.drop_column("client", column)
    op.drop_column("region", "clients")
