"""Products, their stock by double entry, reservations, and the tables of the kernel."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from common.database import create_kernel_tables, drop_kernel_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kernel_tables(op)
    _create_product()
    _create_level()
    _create_reservation()
    _create_movement()


def downgrade() -> None:
    for table in ("movement", "reservation", "level", "product"):
        op.drop_table(table)
    op.execute("DROP FUNCTION forbid_change()")
    drop_kernel_tables(op)


def _create_product() -> None:
    op.create_table(
        "product",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("sku", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("price_amount", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column(
            "words",
            TSVECTOR,
            sa.Computed(
                "to_tsvector('english'::regconfig, name || ' ' || category || ' ' || description || ' ' || sku)",
                persisted=True,
            ),
        ),
        # with 1000 pieces at most, every total stays inside GraphQL's 32-bit Int
        sa.CheckConstraint("price_amount BETWEEN 1 AND 2000000", name="product_price"),
    )
    op.create_index("product_by_name", "product", ["name", "id"])
    op.create_index("product_words", "product", ["words"], postgresql_using="gin")


def _create_level() -> None:
    op.create_table(
        "level",
        sa.Column("product_id", sa.Uuid, sa.ForeignKey("product.id"), primary_key=True),
        sa.Column("on_hand", sa.Integer, nullable=False),
        sa.Column("reserved", sa.Integer, nullable=False, server_default="0"),
        sa.Column("committed", sa.Integer, nullable=False, server_default="0"),
        sa.CheckConstraint("reserved >= 0", name="level_reserved"),
        sa.CheckConstraint("committed >= 0", name="level_committed"),
        sa.CheckConstraint("on_hand - reserved - committed >= 0", name="level_available"),
        # every reservation rewrites its row: room on the page keeps the indexes out of it
        postgresql_with={"fillfactor": 60},
    )


def _create_reservation() -> None:
    held = sa.text("state = 'HELD'")
    op.create_table(
        "reservation",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("owner_id", sa.Text, nullable=False),
        sa.Column("product_id", sa.Uuid, sa.ForeignKey("product.id"), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("total_amount", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="HELD"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("quantity BETWEEN 1 AND 1000", name="reservation_quantity"),
        sa.CheckConstraint(
            "state IN ('HELD', 'COMMITTED', 'RELEASED', 'EXPIRED') AND (state = 'HELD') = (ended_at IS NULL)",
            name="reservation_state",
        ),
    )
    op.create_index("reservation_by_owner", "reservation", ["owner_id", "id"])
    op.create_index("reservation_due", "reservation", ["expires_at"], postgresql_where=held)
    op.create_index("reservation_held", "reservation", ["product_id", "expires_at"], postgresql_where=held)


def _create_movement() -> None:
    buckets = "('OUTSIDE', 'AVAILABLE', 'RESERVED', 'COMMITTED')"
    op.create_table(
        "movement",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("product_id", sa.Uuid, sa.ForeignKey("product.id"), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("reservation_id", sa.Uuid, sa.ForeignKey("reservation.id")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("quantity > 0 AND source <> target", name="movement_moves"),
        sa.CheckConstraint(f"source IN {buckets} AND target IN {buckets}", name="movement_bucket"),
    )
    op.create_index("movement_by_product", "movement", ["product_id"])
    # what is recorded stays: a correction is another row
    op.execute(
        "CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        "CREATE TRIGGER movement_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON movement"
        " FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()"
    )
