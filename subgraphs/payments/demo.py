"""Demo data: money in the demo users' wallets, and a checkout for each reservation that inventory's demo data made."""

import asyncio
import logging
from collections.abc import Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from common.database import Database
from common.demo import DEMO_USERS
from common.events import JetStreamLog, LogUnavailableError
from common.settings import load
from subgraphs.payments.domain.attempts import PaymentMethod, ProviderName
from subgraphs.payments.domain.checkouts import CheckoutState, Patience
from subgraphs.payments.service.checkout_process import CheckoutProcess
from subgraphs.payments.service.checkouts import Checkouts
from subgraphs.payments.service.operations import Operations
from subgraphs.payments.service.wallets import Wallets
from subgraphs.payments.settings import Settings

_log = logging.getLogger(__name__)

_BALANCES = dict(zip((str(user.id) for user in DEMO_USERS), (50_000, 25_000, 10_000), strict=True))
"""Cents. The last is too little for what that user reserved, so that there is a checkout that FAILED to see."""

_HELD = "inventory.reservation.held"
_EXPECTED = 6
_SETTLED = {CheckoutState.SHIPPING, CheckoutState.COMPLETED, CheckoutState.FAILED}
_PATIENCE = 20.0  # seconds


class _Held(Struct, frozen=True):
    """What is read of inventory's event."""

    reservation_id: UUID
    owner_id: str


async def load_demo(environment: Mapping[str, str]) -> None:
    """Fill the wallets of those who have none, and pay for what they reserved, until it is sold or not."""
    settings = load(Settings, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service)
    log = JetStreamLog.open(settings.nats_url.reveal())
    try:
        await _fill(Wallets(database))
        async with asyncio.timeout(_PATIENCE):
            await _pay(database, log)
    except (TimeoutError, LogUnavailableError):
        _log.warning("The demo reservations are not paid after %d s", _PATIENCE)
    finally:
        await log.close()
        await database.close()


async def _fill(wallets: Wallets) -> None:
    found = await wallets.list_for(list(_BALANCES))
    for user_id, balance in _BALANCES.items():
        if not found[user_id]:
            await wallets.top_up(user_id, balance, "demo-wallet")


async def _pay(database: Database, log: JetStreamLog) -> None:
    """Begin a checkout for each event that nobody has taken yet, and wait for those that were begun."""
    process = CheckoutProcess(Operations(), Patience())
    checkouts = Checkouts(database, process, frozenset({ProviderName.WALLET}))
    while len(states := await checkouts.list_states(list(_BALANCES))) < _EXPECTED or not _SETTLED.issuperset(
        states
    ):
        if len(states) >= _EXPECTED:
            await asyncio.sleep(0.1)
            continue
        for delivery in await log.fetch("payments-demo", [_HELD], wait=1.0):
            held = msgspec.json.decode(delivery.message.payload, type=_Held)
            if held.owner_id in _BALANCES:
                method = PaymentMethod(ProviderName.WALLET, held.owner_id)
                await checkouts.start(
                    held.owner_id, held.reservation_id, method, f"demo-{held.reservation_id}"
                )
            await delivery.acknowledge()
