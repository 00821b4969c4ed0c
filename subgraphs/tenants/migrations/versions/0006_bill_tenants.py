"""What tenants owe: the terms that each had since when, statements with their lines, and credits. None of it ever changes.

Terms begin with this migration: what plans cost before was not kept, and nobody was charged.
"""

import sqlalchemy as sa
from alembic import op

from common.tenancy import isolate

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
ADDED = ("included", "overage_amount", "overage_unit")


def upgrade() -> None:
    _price_overage()
    _create_terms()
    _create_statement()
    _create_credit()


def downgrade() -> None:
    for table in ("credit_use", "credit", "statement_line", "statement", "terms"):
        op.drop_table(table)
    for name in ADDED:
        op.drop_column("plan", name)


def _price_overage() -> None:
    """Plans that are there include all that they allow, as they did."""
    op.add_column("plan", sa.Column("included", sa.BigInteger))
    op.execute("UPDATE plan SET included = quota")
    op.alter_column("plan", "included", nullable=False)
    op.add_column("plan", _number("overage_amount", server_default="0"))
    op.add_column("plan", _number("overage_unit", server_default="1000"))
    for name in ADDED[1:]:
        op.alter_column("plan", name, server_default=None)


def _create_terms() -> None:
    op.create_table(
        "terms",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id"), primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("plan", sa.Text, sa.ForeignKey("plan.name"), nullable=False),
        _number("price_amount"),
        sa.Column("price_currency", sa.Text, nullable=False),
        *(_number(name) for name in ADDED),
        sa.CheckConstraint("least(price_amount, included, overage_amount) >= 0", name="terms_numbers"),
        sa.CheckConstraint("overage_unit >= 1", name="terms_unit"),
    )
    isolate(op, "tenants", "terms", may="SELECT, INSERT")
    op.execute("""
        INSERT INTO terms (tenant_id, since, plan, price_amount, price_currency, included, overage_amount, overage_unit)
        SELECT id, now(), plan, price_amount, price_currency, included, overage_amount, overage_unit
        FROM tenant JOIN plan ON plan.name = tenant.plan
    """)


def _create_statement() -> None:
    op.create_table(
        "statement",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id"), primary_key=True),
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.CheckConstraint("extract(day FROM month) = 1", name="statement_month"),
    )
    op.create_table(
        "statement_line",
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("statement_month", sa.Date, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=False)
            for name in ("terms_since", "since", "until")
        ),
        *(_number(name) for name in ("price", "unit", "requests", "allowance", "overage", "amount")),
        sa.ForeignKeyConstraint(["tenant_id", "statement_month"], ["statement.tenant_id", "statement.month"]),
        sa.CheckConstraint("kind IN ('PLAN', 'USAGE', 'LATE_USAGE')", name="statement_line_kind"),
        sa.CheckConstraint("least(requests, overage, amount) >= 0", name="statement_line_numbers"),
    )
    for table in ("statement", "statement_line"):
        isolate(op, "tenants", table, may="SELECT, INSERT")


def _create_credit() -> None:
    op.create_table(
        "credit",
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id"), primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        _number("amount"),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.CheckConstraint("amount > 0", name="credit_amount"),
    )
    op.create_table(
        "credit_use",
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("credit_id", sa.Uuid, primary_key=True),
        sa.Column("month", sa.Date, primary_key=True),
        _number("amount"),
        sa.ForeignKeyConstraint(["tenant_id", "credit_id"], ["credit.tenant_id", "credit.id"]),
        sa.ForeignKeyConstraint(["tenant_id", "month"], ["statement.tenant_id", "statement.month"]),
        sa.CheckConstraint("amount > 0", name="credit_use_amount"),
    )
    for table in ("credit", "credit_use"):
        isolate(op, "tenants", table, may="SELECT, INSERT")


def _number(name: str, server_default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=server_default)
