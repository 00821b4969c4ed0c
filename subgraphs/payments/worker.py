"""What payments does unasked: it relays its events, applies those of inventory, and decides payments that waited for a wallet."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from common.database import Database
from common.events import Event, EventLog, Handler, background_work
from common.telemetry import Telemetry
from subgraphs.payments.events.reservations import ReservationHeld, ReservationUnfulfilled
from subgraphs.payments.service.payments import Payments, on_reservation_held, on_reservation_unfulfilled

HANDLERS: Mapping[type[Event], Handler] = {
    ReservationHeld: on_reservation_held,
    ReservationUnfulfilled: on_reservation_unfulfilled,
}


def working(
    database: Database, log: EventLog, payments: Payments, telemetry: Telemetry
) -> AbstractAsyncContextManager[None]:
    """Work until the end of the block."""
    schedules = [payments.decide_pending]
    return background_work(database, log, handlers=HANDLERS, schedules=schedules, telemetry=telemetry)
