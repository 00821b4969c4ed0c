"""Checkouts and the history of each."""

from alembic import op

revision = "0010"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE checkout (
        id uuid PRIMARY KEY,
        reservation_id uuid NOT NULL,
        payer_id text NOT NULL,
        provider text NOT NULL,
        token text NOT NULL,
        state text NOT NULL CHECK (state IN (
            'STARTED', 'AUTHORISING', 'COMMITTING', 'CAPTURING', 'SHIPPING', 'COMPLETED',
            'VOIDING', 'RELEASING', 'FAILED'
        )),
        amount bigint CHECK (amount > 0),
        currency text,
        action_url text,
        failure text,
        detail text,
        deadline timestamptz,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        CHECK ((amount IS NULL) = (currency IS NULL)),
        CHECK (state NOT IN ('COMPLETED', 'FAILED') OR deadline IS NULL),
        CHECK (state <> 'FAILED' OR failure IS NOT NULL),
        CHECK (state NOT IN ('SHIPPING', 'COMPLETED') OR failure IS NULL)
    )
    """,
    "CREATE INDEX checkout_due ON checkout (deadline) WHERE deadline IS NOT NULL",
    "CREATE INDEX checkout_reservation ON checkout (reservation_id, payer_id, id)",
    # a reservation is sold once, whatever inventory may say
    """
    CREATE UNIQUE INDEX checkout_sold_once ON checkout (reservation_id)
    WHERE state IN ('CAPTURING', 'SHIPPING', 'COMPLETED')
    """,
    """
    CREATE TABLE checkout_step (
        checkout_id uuid NOT NULL REFERENCES checkout,
        version integer NOT NULL,
        message text NOT NULL,
        state text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (checkout_id, version)
    )
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE checkout_step, checkout")
