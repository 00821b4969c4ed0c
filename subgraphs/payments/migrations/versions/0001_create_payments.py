"""The double-entry ledger, payments, and the tables of the kernel."""

import sqlalchemy as sa
from alembic import op

from common.database import create_kernel_tables, drop_kernel_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kernel_tables(op)
    _create_account()
    _create_payment()
    _create_transfer()
    _open_house_accounts()


def downgrade() -> None:
    for table in ("transfer", "payment", "account"):
        op.drop_table(table)
    op.execute("DROP FUNCTION forbid_change()")
    drop_kernel_tables(op)


def _create_account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("owner_id", sa.Text),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("debits", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("credits", sa.BigInteger, nullable=False, server_default="0"),
        # the balance, credits - debits, never falls below it; without one it may
        sa.Column("floor", sa.BigInteger),
        sa.CheckConstraint("debits >= 0 AND credits >= 0", name="account_sums"),
        sa.CheckConstraint("credits - debits >= floor", name="account_floor"),
        sa.CheckConstraint("kind IN ('WALLET', 'MERCHANT', 'BANK')", name="account_kind"),
        sa.CheckConstraint("(kind = 'WALLET') = (owner_id IS NOT NULL)", name="account_owner"),
        # every transfer rewrites its rows: room on the page keeps the indexes out of it
        postgresql_with={"fillfactor": 60},
    )
    op.create_index("account_wallet", "account", ["owner_id"], unique=True)
    house = sa.text("kind <> 'WALLET'")
    op.create_index("account_house", "account", ["kind", "currency"], unique=True, postgresql_where=house)


def _create_payment() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("reservation_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("payer_id", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("decline_reason", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("amount BETWEEN 1 AND 2147483647", name="payment_amount"),
        sa.CheckConstraint(
            "state IN ('PENDING', 'CAPTURED', 'DECLINED', 'REFUNDED')"
            " AND (state = 'DECLINED') = (decline_reason IS NOT NULL)",
            name="payment_state",
        ),
    )
    op.create_index("payment_by_payer", "payment", ["payer_id", "id"])
    op.create_index("payment_pending", "payment", ["id"], postgresql_where=sa.text("state = 'PENDING'"))


def _create_transfer() -> None:
    op.create_table(
        "transfer",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("debit_account_id", sa.Uuid, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("credit_account_id", sa.Uuid, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("amount > 0 AND debit_account_id <> credit_account_id", name="transfer_moves"),
        sa.CheckConstraint("kind IN ('TOP_UP', 'PAYMENT', 'REFUND')", name="transfer_kind"),
        sa.CheckConstraint("(kind = 'TOP_UP') = (payment_id IS NULL)", name="transfer_payment"),
    )
    # a payment takes its money once and gives it back once
    op.create_index("transfer_once", "transfer", ["payment_id", "kind"], unique=True)
    op.execute(
        "CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        "CREATE TRIGGER transfer_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer"
        " FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()"
    )


def _open_house_accounts() -> None:
    op.execute(
        "INSERT INTO account (kind, currency, floor) VALUES ('MERCHANT', 'EUR', 0), ('BANK', 'EUR', NULL)"
    )
