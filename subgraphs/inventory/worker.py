"""What inventory does unasked: it relays its events, applies those of payments, and ends reservations whose time is over."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from common.database import Database
from common.events import Event, EventLog, Handler, background_work
from common.telemetry import Telemetry
from subgraphs.inventory.events import PaymentCaptured, PaymentDeclined
from subgraphs.inventory.service import Inventory, on_payment_captured, on_payment_declined

HANDLERS: Mapping[type[Event], Handler] = {
    PaymentCaptured: on_payment_captured,
    PaymentDeclined: on_payment_declined,
}


def working(
    database: Database, log: EventLog, inventory: Inventory, telemetry: Telemetry
) -> AbstractAsyncContextManager[None]:
    """Work until the end of the block."""
    schedules = [inventory.expire_due]
    return background_work(database, log, handlers=HANDLERS, schedules=schedules, telemetry=telemetry)
