"""The directory of addresses over regions, and this region's claims to addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "directory",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("home", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("freed_at", MOMENT),
    )
    op.create_index(
        "directory_freed", "directory", ["freed_at"], postgresql_where=sa.text("freed_at IS NOT NULL")
    )
    op.execute("CREATE SEQUENCE address_claim_number")
    op.create_table(
        "address_claim",
        sa.Column("email", sa.Text, primary_key=True),
        sa.Column(
            "number", sa.BigInteger, nullable=False, server_default=sa.text("nextval('address_claim_number')")
        ),
        sa.Column("state", sa.Text, nullable=False, server_default="ASKED"),
        sa.Column("asked_at", MOMENT, nullable=False, server_default=sa.text("now()")),
    )
    op.create_index(
        "address_claim_open",
        "address_claim",
        ["asked_at"],
        postgresql_where=sa.text("state IN ('ASKED', 'RELEASED')"),
    )


def downgrade() -> None:
    op.drop_table("address_claim")
    op.execute("DROP SEQUENCE address_claim_number")
    op.drop_table("directory")
