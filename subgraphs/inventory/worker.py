"""What inventory does unasked: it applies the events of payments, ends reservations whose time is over, tells when stock
is low, and splits what is hot.
"""

from collections.abc import Mapping, Sequence

from common.events import Event, Handler, Work
from subgraphs.inventory.events import (
    CheckoutAuthorised,
    CheckoutFailed,
    CheckoutStarted,
    QuotaReceived,
    QuotaSent,
    QuotaWanted,
)
from subgraphs.inventory.service import checkout, quotas
from subgraphs.inventory.service.services import Services

HANDLERS: Mapping[type[Event], Handler] = {
    CheckoutStarted: checkout.on_checkout_started,
    CheckoutAuthorised: checkout.on_checkout_authorised,
    CheckoutFailed: checkout.on_checkout_failed,
    QuotaWanted: quotas.on_quota_wanted,
    QuotaSent: quotas.on_quota_sent,
    QuotaReceived: quotas.on_quota_received,
}


def schedules(services: Services) -> Sequence[Work]:
    """Done once a second by every process; none minds that others do it too."""
    return [
        services.reservations.expire_due,
        services.stock.tell_low,
        services.hot.look,
        services.quotas.look,
    ]
