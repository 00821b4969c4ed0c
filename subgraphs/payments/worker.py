"""What payments does unasked: it relays its events, applies those of inventory, and decides payments that waited for a wallet."""

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
from subgraphs.payments.events import ReservationHeld, ReservationUnfulfilled
from subgraphs.payments.service import Payments, on_reservation_held, on_reservation_unfulfilled

_log = logging.getLogger(__name__)
_INTERVAL = 1.0  # seconds between two looks at the clock
_RESTART_DELAY = 1.0  # seconds

HANDLERS: Mapping[type[Event], Callable[[Transaction, Any], Awaitable[None]]] = {
    ReservationHeld: on_reservation_held,
    ReservationUnfulfilled: on_reservation_unfulfilled,
}


@asynccontextmanager
async def working(
    database: Database, log: EventLog, payments: Payments, telemetry: Telemetry
) -> AsyncIterator[None]:
    """Work until the end of the block; what is under way then is rolled back and done again later."""
    relay = OutboxRelay(database, log, Leases(database))
    consumer = Consumer(database, log, name="payments", handlers=HANDLERS, telemetry=telemetry)
    runs = (relay.run, consumer.run, lambda: _decide_pending(payments))
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
            _log.exception("A worker of payments failed and starts again")
        await asyncio.sleep(_RESTART_DELAY)


async def _decide_pending(payments: Payments) -> None:
    while True:
        with contextlib.suppress(RetryableError):
            await payments.decide_pending()
        await asyncio.sleep(_INTERVAL)
