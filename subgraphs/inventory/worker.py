"""What inventory does unasked: it relays its events, applies those of payments, and ends reservations whose time is over."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from common.database import Database, RetryableError, Transaction
from common.events import Consumer, Event, EventLog, OutboxRelay
from common.leases import Leases
from common.telemetry import Telemetry
from subgraphs.inventory.events import PaymentCaptured, PaymentDeclined
from subgraphs.inventory.service import Inventory, on_payment_captured, on_payment_declined

_log = logging.getLogger(__name__)
_INTERVAL = 1.0  # seconds between two looks at the clock
_RESTART_DELAY = 1.0  # seconds

HANDLERS: Mapping[type[Event], Callable[[Transaction, Any], Awaitable[None]]] = {
    PaymentCaptured: on_payment_captured,
    PaymentDeclined: on_payment_declined,
}


@asynccontextmanager
async def working(
    database: Database, log: EventLog, inventory: Inventory, telemetry: Telemetry
) -> AsyncIterator[None]:
    """Work until the end of the block; what is under way then is rolled back and done again later."""
    relay = OutboxRelay(database, log, Leases(database))
    consumer = Consumer(database, log, name="inventory", handlers=HANDLERS, telemetry=telemetry)
    runs = (relay.run, consumer.run, lambda: _sweep(inventory))
    tasks = [asyncio.create_task(_keep(run)) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep(run: Callable[[], Awaitable[None]]) -> None:
    """Start again what a defect ended: the service goes on answering, and the log tells."""
    while True:
        try:
            await run()
        except Exception:  # noqa: BLE001 - whatever it is, the other work must go on
            _log.exception("A worker of inventory failed and starts again")
        await asyncio.sleep(_RESTART_DELAY)


async def _sweep(inventory: Inventory) -> None:
    while True:
        with contextlib.suppress(RetryableError):
            await inventory.expire_due()
        await asyncio.sleep(_INTERVAL)
