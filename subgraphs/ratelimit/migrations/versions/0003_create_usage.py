"""What was decided: each process's counts by policy and minute, who took the most by the hour, and a sample of denials.

For a day revision 0002 made these tables, so they may be there already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage",
        sa.Column("policy_id", sa.Uuid, primary_key=True),
        sa.Column("minute", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("writer", sa.Uuid, primary_key=True),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("allowed", "denied", "shadow_denied", "tokens")
        ),
        if_not_exists=True,
    )
    op.create_index("usage_minute", "usage", ["minute"], if_not_exists=True)
    op.create_table(
        "consumer",
        sa.Column("policy_id", sa.Uuid, primary_key=True),
        sa.Column("hour", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("writer", sa.Uuid, primary_key=True),
        sa.Column("identity", sa.Text, primary_key=True),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.create_index("consumer_hour", "consumer", ["hour"], if_not_exists=True)
    op.create_table(
        "denial",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("policy_id", sa.Uuid, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.Column("wait", sa.BigInteger, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    op.create_index("denial_at", "denial", ["namespace", "at"], if_not_exists=True)


def downgrade() -> None:
    for table in ("denial", "consumer", "usage"):
        op.drop_table(table)
