"""Demo data: money in the demo users' wallets, which pays for the reservations that inventory's demo data made."""

import asyncio
import logging
from collections.abc import Mapping

from common.database import Database
from common.demo import DEMO_USERS
from common.inputs import MAX_PAGE
from common.settings import load
from subgraphs.payments.domain.payments import PaymentState
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.payments import Payments
from subgraphs.payments.service.wallets import Wallets
from subgraphs.payments.settings import Settings

_log = logging.getLogger(__name__)

_BALANCES = dict(zip((str(user.id) for user in DEMO_USERS), (50_000, 25_000, 10_000), strict=True))
"""Cents. The last is too little for what that user reserved, so that there is a DECLINED payment to see."""

_EXPECTED_PAYMENTS = 6
_UNDECIDED = {PaymentState.PENDING, PaymentState.AUTHORISED}
_PATIENCE = 20.0  # seconds


async def load_demo(environment: Mapping[str, str]) -> None:
    """Fill the wallets of those who have none, and wait until what they reserved is paid or declined."""
    settings = load(Settings, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service)
    wallets, payments = Wallets(database), Payments(database, Operations())
    try:
        found = await wallets.list_for(list(_BALANCES))
        for user_id, balance in _BALANCES.items():
            if not found[user_id]:
                await wallets.top_up(user_id, balance, "demo-wallet")
        async with asyncio.timeout(_PATIENCE):
            await _await_payments(payments)
    except TimeoutError:
        _log.warning("The payments of the demo reservations have not arrived after %d s", _PATIENCE)
    finally:
        await database.close()


async def _await_payments(payments: Payments) -> None:
    while True:
        found = await payments.list_for(list(_BALANCES), MAX_PAGE)
        states = [payment.state for own in found.values() for payment in own]
        if len(states) >= _EXPECTED_PAYMENTS and not _UNDECIDED & set(states):
            return
        await asyncio.sleep(0.1)
