"""Breaks that reconciliation has found, and the days that were reconciled."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE reconciliation (
        id uuid PRIMARY KEY DEFAULT uuidv7(),
        first_day date NOT NULL,
        last_day date NOT NULL CHECK (last_day >= first_day),
        lines integer NOT NULL,
        breaks integer NOT NULL,
        at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE reconciliation_break (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        reconciliation_id uuid NOT NULL REFERENCES reconciliation,
        kind text NOT NULL,
        source_id text NOT NULL,
        payment_id uuid,
        expected bigint,
        found bigint,
        currency text NOT NULL,
        resolved_at timestamptz,
        found_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    # what is found again while it is open is the same break
    "CREATE UNIQUE INDEX reconciliation_open ON reconciliation_break (source_id, kind) WHERE resolved_at IS NULL",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE reconciliation_break, reconciliation")
