"""Namespaces, their policies with overrides, and the number of the last change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.text("uuidv7()")
NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "namespace",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=ID),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("description", sa.Text, nullable=False),
    )
    _create_policy()
    op.create_table(
        "override",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=ID),
        sa.Column("policy_id", sa.Uuid, sa.ForeignKey("policy.id", ondelete="CASCADE"), nullable=False),
        sa.Column("pattern", sa.Text, nullable=False),
        sa.Column("limit", sa.BigInteger, nullable=False),
        sa.Column("burst", sa.BigInteger, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("policy_id", "pattern"),
        sa.CheckConstraint('"limit" > 0 AND burst >= 0', name="override_limit"),
    )
    op.create_index("override_until", "override", ["until"], postgresql_where=sa.text("until IS NOT NULL"))
    op.create_table("revision", sa.Column("number", sa.BigInteger, nullable=False))
    op.execute("INSERT INTO revision VALUES (1)")


def downgrade() -> None:
    for table in ("revision", "override", "policy", "namespace"):
        op.drop_table(table)


def _create_policy() -> None:
    op.create_table(
        "policy",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=ID),
        sa.Column("namespace_id", sa.Uuid, sa.ForeignKey("namespace.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("by", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("when", JSONB, nullable=False),
        sa.Column("algorithm", sa.Text, nullable=False),
        sa.Column("limit", sa.BigInteger, nullable=False),
        sa.Column("period", sa.Integer, nullable=False),
        sa.Column("burst", sa.BigInteger, nullable=False),
        sa.Column("calendar", sa.Text),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("fail_mode", sa.Text, nullable=False),
        sa.Column("is_shadow", sa.Boolean, nullable=False),
        sa.Column("is_leased", sa.Boolean, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.UniqueConstraint("namespace_id", "name"),
        sa.CheckConstraint(
            "algorithm IN ('TOKEN_BUCKET', 'FIXED_WINDOW', 'SLIDING_LOG', 'SLIDING_COUNTER', 'CONCURRENCY')",
            name="policy_algorithm",
        ),
        sa.CheckConstraint("(algorithm = 'TOKEN_BUCKET') = (burst > 0)", name="policy_burst"),
        sa.CheckConstraint(
            "(algorithm = 'CONCURRENCY' OR calendar IS NOT NULL) = (period = 0)", name="policy_period"
        ),
        sa.CheckConstraint('"limit" > 0 AND burst >= 0 AND period >= 0', name="policy_limit"),
        sa.CheckConstraint(
            "NOT is_leased OR algorithm = 'TOKEN_BUCKET' AND NOT is_shadow", name="policy_is_leased"
        ),
        sa.CheckConstraint("fail_mode IN ('OPEN', 'CLOSED', 'LOCAL')", name="policy_fail_mode"),
    )
