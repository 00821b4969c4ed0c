"""What was paid before payments had histories is carried over: the same outcomes, the same money."""

from collections.abc import Callable
from pathlib import Path
from shutil import copy
from uuid import UUID

import asyncpg

from common.database import Database, migrate
from common.ledger import find_drift, find_imbalances
from subgraphs.payments.app import service
from subgraphs.payments.domain.attempts import ProviderName
from subgraphs.payments.domain.payments import fold
from subgraphs.payments.provider.wallet import WalletProvider
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.runner import AttemptRunner
from subgraphs.payments.service.wallets import Wallets
from subgraphs.payments.store import history
from tests.integration.payments.test_attempts import ignore

PAID, GIVEN_BACK, REFUSED = (UUID(int=number) for number in (1, 2, 3))
BEFORE = """
    INSERT INTO account (id, kind, owner_id, currency, debits, credits, floor)
    VALUES ('00000000-0000-0000-0000-00000000000a', 'WALLET', 'ada', 'EUR', 500, 5200, 0);
    UPDATE account SET debits = 200, credits = 500 WHERE kind = 'MERCHANT';
    UPDATE account SET debits = 5000 WHERE kind = 'BANK';
    INSERT INTO payment (id, reservation_id, payer_id, amount, currency, state, decline_reason) VALUES
        ('00000000-0000-0000-0000-000000000001', uuidv7(), 'ada', 300, 'EUR', 'CAPTURED', NULL),
        ('00000000-0000-0000-0000-000000000002', uuidv7(), 'ada', 200, 'EUR', 'REFUNDED', NULL),
        ('00000000-0000-0000-0000-000000000003', uuidv7(), 'bob', 900, 'EUR', 'DECLINED', 'NO_WALLET'),
        (uuidv7(), uuidv7(), 'bob', 900, 'EUR', 'PENDING', NULL);
    INSERT INTO transfer (kind, debit_account_id, credit_account_id, amount, currency, payment_id)
    SELECT entry.kind, d.id, c.id, entry.amount, 'EUR', entry.payment_id
    FROM (VALUES
        ('TOP_UP', 'BANK', 'WALLET', 5000, NULL::uuid),
        ('PAYMENT', 'WALLET', 'MERCHANT', 300, '00000000-0000-0000-0000-000000000001'),
        ('PAYMENT', 'WALLET', 'MERCHANT', 200, '00000000-0000-0000-0000-000000000002'),
        ('REFUND', 'MERCHANT', 'WALLET', 200, '00000000-0000-0000-0000-000000000002')
    ) AS entry (kind, debit, credit, amount, payment_id)
    JOIN account d ON d.kind = debit JOIN account c ON c.kind = credit;
"""


async def test_payments_of_before_are_histories_of_the_same_outcome(
    create_database: Callable[..., str], tmp_path: Path
) -> None:
    url = create_database()
    (tmp_path / "versions").mkdir()
    copy(service.migrations / "versions/0001_create_payments.py", tmp_path / "versions")
    await migrate(url, schema="payments", scripts=tmp_path)
    connection = await asyncpg.connect(url, server_settings={"search_path": "payments"})
    await connection.execute(BEFORE)
    await connection.close()
    await migrate(url, schema="payments", scripts=service.migrations)

    database = Database.open(url, schema="payments")
    payments = Payments(database, Operations())
    found = await payments.find("id", [PAID, GIVEN_BACK, REFUSED])
    assert {id_: payment.state for id_, payment in found.items()} == {
        PAID: "CAPTURED",
        GIVEN_BACK: "REFUNDED",
        REFUSED: "DECLINED",
    }
    async with database.transaction() as transaction:
        histories = await history.read(transaction, list(found))
        assert await find_imbalances(transaction) == []
        assert await find_drift(transaction) == []
    for id_, happened in histories.items():
        assert fold(id_, [each.event for each in happened], happened[0].at) == found[id_]
    await payments.refund("clerk", PAID, 100, "k")
    assert (
        await AttemptRunner(database, {ProviderName.WALLET: WalletProvider(database)}, ignore).run_due() == 1
    )
    assert (await payments.find("id", [PAID]))[PAID].refunded == 100
    [wallet] = (await Wallets(database).list_for(["ada"]))["ada"]
    assert (wallet.balance.amount, wallet.available.amount) == (4_800, 4_800)
    await database.close()
