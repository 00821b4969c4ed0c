"""What is pending in the ledger ends by a POST or a VOID, since nothing ever let it expire; `ledger_post` is made anew."""

from alembic import op

from common.ledger.tables import POST_BATCH

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP FUNCTION ledger_post")
    op.execute("DROP TABLE IF EXISTS ledger_deadline")
    op.execute("ALTER TABLE ledger_transfer DROP COLUMN IF EXISTS expires_at")
    op.execute(POST_BATCH)


def downgrade() -> None:
    """Nothing: revision 0002 creates the ledger like this by now."""
