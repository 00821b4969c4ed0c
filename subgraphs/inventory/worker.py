"""What inventory does unasked: it relays its events, applies those of payments, and ends reservations whose time is over."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from common.database import Database
from common.events import Event, EventLog, Handler, background_work
from common.telemetry import Telemetry
from subgraphs.inventory.events import (
    CheckoutAuthorised,
    CheckoutFailed,
    CheckoutStarted,
    PaymentCaptured,
    PaymentDeclined,
)
from subgraphs.inventory.service import checkout
from subgraphs.inventory.service.services import Services

HANDLERS: Mapping[type[Event], Handler] = {
    CheckoutStarted: checkout.on_checkout_started,
    CheckoutAuthorised: checkout.on_checkout_authorised,
    CheckoutFailed: checkout.on_checkout_failed,
    PaymentCaptured: checkout.on_payment_captured,
    PaymentDeclined: checkout.on_payment_declined,
}


def working(
    database: Database, log: EventLog, services: Services, telemetry: Telemetry
) -> AbstractAsyncContextManager[None]:
    """Work until the end of the block."""
    schedules = [services.reservations.expire_due]
    return background_work(database, log, handlers=HANDLERS, schedules=schedules, telemetry=telemetry)
