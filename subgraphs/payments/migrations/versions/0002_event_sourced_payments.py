"""Payments as histories, provider operations, and money in the ledger of the kernel; what was there is carried over.

A payment that was captured becomes a history with the same outcome, and its two movements in the ledger what they would be
today: the wallet meets the house at the clearing account.
"""

from uuid import UUID, uuid5

import sqlalchemy as sa
from alembic import op

from common.ledger import create_ledger_tables

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NAMESPACE = UUID("0199d3a0-0000-7000-8000-00000000face")
HOUSE = {
    kind: uuid5(NAMESPACE, f"{kind}:EUR")
    for kind in ("MERCHANT", "BANK", "FEES", "CLEARING_WALLET", "CLEARING_CARD")
}


def upgrade() -> None:
    create_ledger_tables(op)
    op.execute("ALTER TABLE payment RENAME TO old_payment")
    op.execute("ALTER TABLE account RENAME TO old_account")
    op.execute("ALTER TABLE transfer RENAME TO old_transfer")
    _create_wallet()
    _create_history()
    _create_payment()
    _create_attempt()
    _carry_accounts()
    _carry_transfers()
    _carry_payments()
    for table in ("old_transfer", "old_payment", "old_account"):
        op.drop_table(table)


def downgrade() -> None:
    raise NotImplementedError("what has happened since cannot be said in the old tables")


def _create_wallet() -> None:
    op.create_table(
        "wallet",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("owner_id", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
    )
    op.create_index("wallet_of_owner", "wallet", ["owner_id", "currency"], unique=True)


def _create_history() -> None:
    op.create_table(
        "payment_event",
        sa.Column("stream_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("data", sa.dialects.postgresql.JSONB, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.CheckConstraint("version > 0", name="payment_event_version"),
    )
    op.execute(
        "CREATE TRIGGER payment_event_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_event"
        " FOR EACH STATEMENT EXECUTE FUNCTION forbid_change()"
    )


def _create_payment() -> None:
    def amount(name: str) -> sa.Column[int]:
        return sa.Column(name, sa.BigInteger, sa.Computed(f"(body ->> '{name}')::bigint"), nullable=False)

    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("reservation_id", sa.Uuid),
        sa.Column("payer_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("body", sa.dialects.postgresql.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        amount("authorised"),
        amount("captured"),
        amount("refunded"),
        sa.CheckConstraint(
            "0 <= refunded AND refunded <= captured AND captured <= authorised", name="payment_amounts"
        ),
        # every event rewrites its row
        postgresql_with={"fillfactor": 70},
    )
    op.create_index("payment_of_payer", "payment", ["payer_id", "created_at", "id"])
    op.create_index("payment_of_reservation", "payment", ["reservation_id", "created_at"])


def _create_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id", deferrable=True, initially="DEFERRED")),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("effect_key", sa.Text, nullable=False, unique=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("is_last", sa.Boolean, nullable=False),
        sa.Column("authorisation", sa.Text),
        sa.Column("state", sa.Text, nullable=False, server_default="CREATED"),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"),
        # when it is due; none when it has ended
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()")),
        sa.Column("reference", sa.Text),
        sa.Column("code", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "operation IN ('AUTHORISE', 'CAPTURE', 'VOID', 'REFUND')", name="attempt_operation"
        ),
        sa.CheckConstraint(
            "state IN ('CREATED', 'SENT', 'ACTION_REQUIRED', 'UNKNOWN', 'SUCCEEDED', 'DECLINED')"
            " AND (state IN ('SUCCEEDED', 'DECLINED')) = (next_at IS NULL)",
            name="attempt_state",
        ),
    )
    due = sa.text("next_at IS NOT NULL")
    op.create_index("attempt_due", "attempt", ["next_at"], postgresql_where=due)
    op.create_index("attempt_of_payment", "attempt", ["payment_id"])
    told = sa.text("reference IS NOT NULL")
    op.create_index("attempt_reference", "attempt", ["reference"], postgresql_where=told)


def _carry_accounts() -> None:
    op.execute("INSERT INTO wallet SELECT id, owner_id, currency FROM old_account WHERE kind = 'WALLET'")
    op.execute(
        "INSERT INTO ledger_account (id, ledger, code, currency, floor)"
        " SELECT id, 'money', 'WALLET', currency, 0 FROM wallet"
    )
    for kind, id_ in HOUSE.items():
        op.execute(
            sa.text(
                "INSERT INTO ledger_account (id, ledger, code, currency) VALUES (:id, 'money', :code, 'EUR')"
            ).bindparams(id=id_, code=kind)
        )


def _carry_transfers() -> None:
    """Top-ups as they are; what a payment took and gave back by way of the clearing account."""
    for statement in (
        """
        SELECT id, 'POSTED', NULL::uuid, CAST(:bank AS uuid), credit_account_id, amount, 0, currency, 'TOP_UP',
               NULL::uuid, created_at
        FROM old_transfer WHERE kind = 'TOP_UP'
        """,
        """
        SELECT id, 'PENDING', NULL, debit_account_id, CAST(:clearing AS uuid), amount, 0, currency,
               'AUTHORISATION', id, created_at
        FROM old_transfer WHERE kind = 'PAYMENT'
        """,
        """
        SELECT uuidv7(), 'POST', id, debit_account_id, CAST(:clearing AS uuid), amount, amount, currency,
               'CAPTURE', id, created_at
        FROM old_transfer WHERE kind = 'PAYMENT'
        """,
        """
        SELECT uuidv7(), 'POSTED', NULL::uuid, CAST(:clearing AS uuid), CAST(:merchant AS uuid), amount, 0,
               currency, 'CAPTURE', payment_id, created_at
        FROM old_transfer WHERE kind = 'PAYMENT'
        """,
        """
        SELECT r.id, 'POSTED', NULL::uuid, CAST(:clearing AS uuid), r.credit_account_id, r.amount, 0, r.currency,
               'REFUND', p.id, r.created_at
        FROM old_transfer r JOIN old_transfer p USING (payment_id) WHERE r.kind = 'REFUND' AND p.kind = 'PAYMENT'
        """,
        """
        SELECT uuidv7(), 'POSTED', NULL::uuid, CAST(:merchant AS uuid), CAST(:clearing AS uuid), amount, 0,
               currency, 'REFUND', payment_id, created_at
        FROM old_transfer WHERE kind = 'REFUND'
        """,
    ):
        named = {"bank": "BANK", "merchant": "MERCHANT", "clearing": "CLEARING_WALLET"}
        values = {name: HOUSE[kind] for name, kind in named.items() if f":{name} " in statement}
        columns = "id, kind, pending_id, debit_id, credit_id, amount, released, currency, code, reference, created_at"
        op.execute(sa.text(f"INSERT INTO ledger_transfer ({columns}) {statement}").bindparams(**values))
    op.execute("""
        UPDATE ledger_account a SET
            debits_posted = coalesce((SELECT sum(amount) FROM ledger_transfer
                                      WHERE debit_id = a.id AND kind IN ('POSTED', 'POST')), 0),
            credits_posted = coalesce((SELECT sum(amount) FROM ledger_transfer
                                       WHERE credit_id = a.id AND kind IN ('POSTED', 'POST')), 0)
    """)


def _carry_payments() -> None:
    """Each as the events that make it what it is. One that was PENDING had moved nothing: its checkout begins anew."""
    op.execute("""
        CREATE TEMPORARY TABLE carried ON COMMIT DROP AS
        SELECT p.*, t.id AS taken,
               jsonb_build_object('amount', p.amount, 'currency', p.currency) AS money,
               jsonb_build_object('provider', 'WALLET', 'token', payer_id) AS method,
               p.id || ':authorise:0' AS a, p.id || ':capture:reservation' AS c, p.id || ':refund:unfulfilled' AS r
        FROM old_payment p LEFT JOIN old_transfer t ON t.payment_id = p.id AND t.kind = 'PAYMENT'
        WHERE state <> 'PENDING'
    """)
    op.execute("""
        INSERT INTO payment_event (stream_id, version, type, data, at)
        SELECT id, version, type, data, created_at FROM carried, LATERAL (VALUES
            (1, 'Created', jsonb_build_object('payer_id', payer_id, 'amount', money, 'method', method,
                                              'reservation_id', reservation_id), true),
            (2, 'Requested', jsonb_build_object('effect_key', a, 'operation', 'AUTHORISE', 'amount', amount,
                                                'is_last', true), true),
            (3, 'Declined', jsonb_build_object('effect_key', a, 'operation', 'AUTHORISE', 'code', decline_reason,
                                               'message', ''), state = 'DECLINED'),
            (3, 'Authorised', jsonb_build_object('effect_key', a, 'amount', amount, 'reference', taken),
                taken IS NOT NULL),
            (4, 'Requested', jsonb_build_object('effect_key', c, 'operation', 'CAPTURE', 'amount', amount,
                                                'is_last', true), taken IS NOT NULL),
            (5, 'Captured', jsonb_build_object('effect_key', c, 'amount', amount, 'fee', 0, 'reference', taken,
                                               'is_last', true), taken IS NOT NULL),
            (6, 'Requested', jsonb_build_object('effect_key', r, 'operation', 'REFUND', 'amount', amount,
                                                'is_last', true), state = 'REFUNDED'),
            (7, 'Refunded', jsonb_build_object('effect_key', r, 'amount', amount, 'reference', taken),
                state = 'REFUNDED')
        ) AS event (version, type, data, happened) WHERE happened
    """)
    op.execute("""
        INSERT INTO payment (id, version, reservation_id, payer_id, state, created_at, body)
        SELECT id, (SELECT max(version) FROM payment_event WHERE stream_id = id), reservation_id, payer_id, state,
               created_at, jsonb_build_object(
                   'id', id, 'version', (SELECT max(version) FROM payment_event WHERE stream_id = id),
                   'payer_id', payer_id, 'amount', money, 'method', method, 'reservation_id', reservation_id,
                   'created_at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   'authorisation', taken,
                   'authorised', CASE WHEN taken IS NULL THEN 0 ELSE amount END,
                   'captured', CASE WHEN taken IS NULL THEN 0 ELSE amount END,
                   'refunded', CASE WHEN state = 'REFUNDED' THEN amount ELSE 0 END,
                   'fees', 0, 'hold', NULL, 'is_closed', true, 'action_url', NULL,
                   'refusal', CASE WHEN decline_reason IS NOT NULL
                              THEN jsonb_build_object('code', decline_reason, 'message', '') END,
                   'requests', (SELECT jsonb_object_agg(data ->> 'effect_key', data) FROM payment_event
                                WHERE stream_id = id AND type = 'Requested'),
                   'underway', '[]'::jsonb, 'disputes', '{}'::jsonb
               )
        FROM carried
    """)
