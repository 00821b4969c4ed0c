"""The ledger's tables and the function that posts a batch; a revision of the service that wants them creates them.

There are no foreign keys: the function looks accounts and pending transfers up for the whole batch at once, where a key
would do so again for each row.
"""

from collections.abc import Sequence

from common.database.tables import Operations

LEDGER_TABLES: Sequence[str] = (
    """
    CREATE TABLE ledger_account (
        id uuid PRIMARY KEY,
        ledger text NOT NULL,
        code text NOT NULL,
        currency text NOT NULL,
        floor bigint,
        debits_pending bigint NOT NULL DEFAULT 0,
        debits_posted bigint NOT NULL DEFAULT 0,
        credits_pending bigint NOT NULL DEFAULT 0,
        credits_posted bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT ledger_account_sums CHECK (
            debits_pending >= 0 AND debits_posted >= 0 AND credits_pending >= 0 AND credits_posted >= 0
        ),
        CONSTRAINT ledger_account_floor CHECK (credits_posted - debits_posted - debits_pending >= floor)
    ) WITH (fillfactor = 60)
    """,
    """
    CREATE TABLE ledger_transfer (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        pending_id uuid,
        debit_id uuid NOT NULL,
        credit_id uuid NOT NULL,
        amount bigint NOT NULL,
        released bigint NOT NULL,
        currency text NOT NULL,
        code text NOT NULL,
        reference uuid,
        created_at timestamptz NOT NULL,
        CONSTRAINT ledger_transfer_moves CHECK (amount > 0 AND debit_id <> credit_id),
        CONSTRAINT ledger_transfer_kind CHECK (
            kind IN ('PENDING', 'POSTED') AND pending_id IS NULL AND released = 0
            OR kind IN ('POST', 'VOID') AND pending_id IS NOT NULL AND released >= amount
        )
    )
    """,
    # what is pending is resolved once
    "CREATE UNIQUE INDEX ledger_transfer_resolution ON ledger_transfer (pending_id) WHERE pending_id IS NOT NULL",
    "CREATE INDEX ledger_transfer_debit ON ledger_transfer (debit_id, created_at)",
    "CREATE INDEX ledger_transfer_credit ON ledger_transfer (credit_id, created_at)",
    "CREATE INDEX ledger_transfer_reference ON ledger_transfer (reference) WHERE reference IS NOT NULL",
    """
    CREATE FUNCTION ledger_forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
    """,
    """
    CREATE TRIGGER ledger_transfer_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_change()
    """,
)

# The plans are made once and whatever the tables hold: each row by its index, which is right when they have grown.
POST_BATCH = """
    CREATE FUNCTION ledger_post(
        ids uuid[], kinds text[], pendings uuid[], debits uuid[], credits uuid[], amounts bigint[],
        currencies text[], codes text[], refs uuid[]
    ) RETURNS smallint[] LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off AS $$
    DECLARE
        resolves boolean := cardinality(array_remove(pendings, NULL)) > 0;
        results smallint[] := array_fill(0::smallint, ARRAY[cardinality(ids)]);
        account_ids uuid[];
        ledgers text[];
        units text[];
        available bigint[];
        floors bigint[];
        moment timestamptz;
        item record;
        d integer;
        c integer;
        written integer;
    BEGIN
        IF resolves THEN
            SELECT array_agg(coalesce(p.debit_id, i.debit) ORDER BY place),
                   array_agg(coalesce(p.credit_id, i.credit) ORDER BY place)
            INTO debits, credits
            FROM unnest(pendings, debits, credits) WITH ORDINALITY AS i (pending, debit, credit, place)
            LEFT JOIN ledger_transfer p ON p.id = i.pending;
        END IF;

        SELECT array_agg(id), array_agg(ledger), array_agg(currency), array_agg(balance), array_agg(floor)
        INTO account_ids, ledgers, units, available, floors
        FROM (
            SELECT id, ledger, currency, credits_posted - debits_posted - debits_pending AS balance, floor
            FROM ledger_account WHERE id = ANY(debits || credits) ORDER BY id FOR NO KEY UPDATE
        ) locked;
        moment := clock_timestamp();

        FOR item IN
            SELECT i.place, i.debit_id, i.credit_id, i.currency,
                   CASE WHEN i.pending IS NULL THEN -i.amount
                        WHEN i.kind = 'POST' THEN p.amount - coalesce(i.amount, p.amount)
                        ELSE p.amount END AS debit_gains,
                   CASE WHEN i.kind IN ('POSTED', 'POST') THEN coalesce(i.amount, p.amount)
                        ELSE 0 END AS credit_gains,
                   CASE WHEN e.id IS NOT NULL THEN
                            CASE WHEN (e.kind, e.debit_id, e.credit_id, e.currency)
                                      = (i.kind, i.debit_id, i.credit_id, coalesce(i.currency, e.currency))
                                      AND e.pending_id IS NOT DISTINCT FROM i.pending
                                      AND e.amount = coalesce(i.amount, e.released)
                                 THEN 1 ELSE 2 END
                        WHEN i.pending IS NULL THEN 0
                        WHEN p.kind IS DISTINCT FROM 'PENDING' THEN 3
                        WHEN r.id IS NOT NULL THEN 4
                        WHEN i.amount > p.amount THEN 8
                        ELSE 0 END AS result
            FROM unnest(ids, kinds, pendings, debits, credits, amounts, currencies) WITH ORDINALITY
                 AS i (id, kind, pending, debit_id, credit_id, amount, currency, place)
            LEFT JOIN ledger_transfer e ON e.id = i.id
            LEFT JOIN ledger_transfer p ON p.id = i.pending
            LEFT JOIN ledger_transfer r ON r.pending_id = i.pending
            ORDER BY i.place
        LOOP
            -- the place in the sorted array, where it is in it
            d := width_bucket(item.debit_id, account_ids);
            c := width_bucket(item.credit_id, account_ids);
            IF item.result = 0 AND account_ids[d] = item.debit_id AND account_ids[c] = item.credit_id
               AND ledgers[d] = ledgers[c] AND units[d] = units[c] AND units[d] = coalesce(item.currency, units[d])
               AND (item.debit_gains >= 0 OR coalesce(available[d] + item.debit_gains >= floors[d], true))
            THEN
                available[d] := available[d] + item.debit_gains;
                available[c] := available[c] + item.credit_gains;
            ELSE
                results[item.place] := CASE
                    WHEN item.result <> 0 THEN item.result
                    WHEN account_ids[d] IS DISTINCT FROM item.debit_id
                         OR account_ids[c] IS DISTINCT FROM item.credit_id THEN 5
                    WHEN ledgers[d] <> ledgers[c] OR units[d] <> units[c] OR units[d] <> item.currency THEN 6
                    ELSE 7 END;
            END IF;
        END LOOP;

        WITH new AS (
            INSERT INTO ledger_transfer (
                id, kind, pending_id, debit_id, credit_id, amount, released, currency, code, reference, created_at
            )
            SELECT i.id, i.kind, i.pending, i.debit_id, i.credit_id, coalesce(i.amount, p.amount),
                   coalesce(p.amount, 0), coalesce(i.currency, p.currency), i.code, coalesce(i.ref, p.reference),
                   moment
            FROM unnest(ids, kinds, pendings, debits, credits, amounts, currencies, codes, refs, results)
                 AS i (id, kind, pending, debit_id, credit_id, amount, currency, code, ref, result)
            LEFT JOIN ledger_transfer p ON p.id = i.pending
            WHERE i.result = 0
            ON CONFLICT DO NOTHING
            RETURNING debit_id, credit_id,
                      CASE WHEN kind IN ('POSTED', 'POST') THEN amount ELSE 0 END AS posted,
                      CASE WHEN kind = 'PENDING' THEN amount ELSE -released END AS pending
        ), changed AS (
            UPDATE ledger_account a SET
                debits_pending = a.debits_pending + s.debits_pending,
                debits_posted = a.debits_posted + s.debits_posted,
                credits_pending = a.credits_pending + s.credits_pending,
                credits_posted = a.credits_posted + s.credits_posted
            FROM (
                SELECT account_id, sum(debits_pending) AS debits_pending, sum(debits_posted) AS debits_posted,
                       sum(credits_pending) AS credits_pending, sum(credits_posted) AS credits_posted
                FROM (
                    SELECT debit_id, pending, posted, 0, 0 FROM new
                    UNION ALL SELECT credit_id, 0, 0, pending, posted FROM new
                ) side (account_id, debits_pending, debits_posted, credits_pending, credits_posted)
                GROUP BY account_id
            ) s
            WHERE a.id = s.account_id
        )
        SELECT count(*) INTO written FROM new;

        IF written < cardinality(array_positions(results, 0::smallint)) THEN
            RAISE serialization_failure USING MESSAGE = 'another transaction wrote a transfer of the batch';
        END IF;
        RETURN results;
    END $$
"""


def create_ledger_tables(op: Operations) -> None:
    """Create accounts, transfers and `ledger_post`; `op` is `alembic.op`."""
    for statement in (*LEDGER_TABLES, POST_BATCH):
        op.execute(statement)


def drop_ledger_tables(op: Operations) -> None:
    """Drop them again."""
    for what in (
        "FUNCTION ledger_post",
        "TABLE ledger_account, ledger_transfer",
        "FUNCTION ledger_forbid_change",
    ):
        op.execute(f"DROP {what}")
