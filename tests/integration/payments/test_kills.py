"""Guarantee 7 of payments' README: a process that is killed anywhere loses and doubles nothing."""

import signal
from collections.abc import Callable
from pathlib import Path

from common import failpoints
from common.database import Database
from common.ledger import find_drift, find_imbalances
from tests.integration.lanes import met

KILLED = Path(__file__).with_name("killed.py")
OWN = ("top_up", "ask", "happen", "claim", "call", "record", "wallet", "once", "pay_out")
OFTEN = ("happen", "claim", "call", "record", "wallet")
LANES = 3


async def test_after_a_kill_payments_end_as_if_nothing_had_been(
    migrated_database: Callable[..., str],
) -> None:
    names = sorted(name for name in failpoints.names("subgraphs.payments") if name.split(".")[1] in OWN)
    kills = [f"{name}:kill" for name in names]
    kills += [f"{name}:kill@4" for name in names if name.split(".")[1] in OFTEN]
    urls = [migrated_database("payments") for _ in range(LANES)]
    assert await met(KILLED, kills, urls) == {kill: [-signal.SIGKILL, 0] for kill in kills}
    for lane, url in enumerate(urls):
        database = Database.open(url, schema="payments")
        await check_books(database, customers=len(kills[lane::LANES]))
        await database.close()


async def check_books(database: Database, *, customers: int) -> None:
    async with database.transaction() as transaction:
        assert await find_imbalances(transaction) == []
        assert await find_drift(transaction) == []
        held = dict((await transaction.execute(HELD)).all())
        states = dict((await transaction.execute(STATES)).all())
        attempts = dict((await transaction.execute(ATTEMPTS)).all())
    assert held == {
        "WALLET": 9_300 * customers,
        "BANK": -9_950 * customers,
        "MERCHANT": 550 * customers,
        "CLEARING_WALLET": 100 * customers,  # the dispute, which no wallet ever raises
    }
    assert states == {"CHARGED_BACK": customers, "VOIDED": customers}
    assert attempts == {"SUCCEEDED": 6 * customers}


HELD = """
    SELECT code, sum(credits_posted - debits_posted - debits_pending)::int FROM ledger_account
    GROUP BY code HAVING sum(credits_posted + debits_posted) > 0
"""
STATES = "SELECT state, count(*) FROM payment GROUP BY state"
ATTEMPTS = "SELECT state, count(*) FROM attempt GROUP BY state"
