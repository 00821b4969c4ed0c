"""Plans, tenants with members and invitations, what was done by whom, and the role that tenants' transactions run as."""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from common.database import create_kernel_tables, drop_kernel_tables
from common.tenancy import create_tenant_role, drop_tenant_role, isolate

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "tenants"
ID = sa.text("uuidv7()")
NOW = sa.text("now()")
ROLE = "role IN ('VIEWER', 'DEVELOPER', 'ADMIN', 'OWNER')"
READ_AND_ADD = "SELECT, INSERT"


def upgrade() -> None:
    create_kernel_tables(op)
    create_tenant_role(op, SCHEMA)
    _create_plan()
    _create_tenant()
    _create_member()
    _create_invitation()
    op.create_table(
        "audit",
        _tenant_id(),
        sa.Column("id", sa.Uuid, primary_key=True, server_default=ID),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", JSONB, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    )
    isolate(op, SCHEMA, "audit", may=READ_AND_ADD)


def downgrade() -> None:
    for table in ("audit", "invitation", "member", "tenant", "plan"):
        op.drop_table(table)
    drop_kernel_tables(op)
    drop_tenant_role(op, SCHEMA)


def _tenant_id() -> sa.Column[UUID]:
    return sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenant.id"), primary_key=True)


def _create_plan() -> None:
    op.create_table(
        "plan",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("price_amount", sa.BigInteger, nullable=False),
        sa.Column("price_currency", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("rate", "burst", "concurrency")),
        sa.Column("quota", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("keys", "members", "routes")),
    )
    op.execute("INSERT INTO plan VALUES ('free', 'Free', 0, 'EUR', 10, 20, 10, 10000, 5, 5, 20)")
    op.execute('GRANT SELECT ON plan TO "hansa_tenants_tenant"')


def _create_tenant() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, sa.ForeignKey("plan.name"), nullable=False),
        sa.Column("config_version", sa.Integer),
        sa.Column("suspended_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
    )
    # names in addresses are public: that one is taken is no secret
    op.create_index("tenant_slug", "tenant", ["slug"], unique=True)
    isolate(op, SCHEMA, "tenant", column="id", may="SELECT, INSERT, UPDATE")


def _create_member() -> None:
    op.create_table(
        "member",
        _tenant_id(),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.CheckConstraint(ROLE, name="member_role"),
    )
    op.create_index("member_user", "member", ["user_id"])
    isolate(op, SCHEMA, "member")


def _create_invitation() -> None:
    op.create_table(
        "invitation",
        _tenant_id(),
        sa.Column("id", sa.Uuid, primary_key=True, server_default=ID),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="OPEN"),
        sa.Column("invited_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(ROLE, name="invitation_role"),
        sa.CheckConstraint("state IN ('OPEN', 'ACCEPTED', 'DECLINED', 'WITHDRAWN')", name="invitation_state"),
    )
    is_open = sa.text("state = 'OPEN'")
    op.create_index(
        "invitation_open", "invitation", ["tenant_id", "user_id"], unique=True, postgresql_where=is_open
    )
    op.create_index("invitation_user", "invitation", ["user_id"], postgresql_where=is_open)
    isolate(op, SCHEMA, "invitation", may="SELECT, INSERT, UPDATE")
