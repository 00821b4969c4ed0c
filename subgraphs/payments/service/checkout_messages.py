"""What others say, as messages to a checkout: inventory's answers, that the goods are shipped, what came of an attempt."""

from typing import Final, TypeAlias

from common.events import Event
from subgraphs.payments.domain.attempts import AttemptState, Operation
from subgraphs.payments.domain.checkout_messages import (
    ActionNeeded,
    Answered,
    Message,
    Shipped,
    StockCommitted,
    StockPaying,
    StockRefused,
    StockReleased,
)
from subgraphs.payments.domain.money import Money
from subgraphs.payments.events.checkouts import (
    ReservationCommitted,
    ReservationPaying,
    ReservationRefused,
    ReservationReleased,
)
from subgraphs.payments.events.shipping import OrderShipped
from subgraphs.payments.service.operations import AttemptOutcome

Heard: TypeAlias = (
    ReservationPaying | ReservationRefused | ReservationCommitted | ReservationReleased | OrderShipped
)

HEARD: Final[tuple[type[Event], ...]] = (
    ReservationPaying,
    ReservationRefused,
    ReservationCommitted,
    ReservationReleased,
    OrderShipped,
)
"""The events that say something to a checkout; `checkout_id` names which."""


def said_by_event(event: Heard) -> Message:
    match event:
        case ReservationPaying():
            return StockPaying(Money(event.total_amount, event.currency), event.expires_at)
        case ReservationRefused():
            return StockRefused(event.reason)
        case ReservationCommitted():
            return StockCommitted()
        case ReservationReleased():
            return StockReleased()
        case OrderShipped():
            return Shipped()


def said_by_outcome(outcome: AttemptOutcome) -> Message | None:
    """None for a refund, which no checkout asks for."""
    attempt = outcome.attempt
    if attempt.operation is Operation.REFUND:
        return None
    match attempt.state:
        case AttemptState.SUCCEEDED:
            return Answered(attempt.operation)
        case AttemptState.DECLINED:
            return Answered(attempt.operation, attempt.code or "declined")
        case _:
            return ActionNeeded(attempt.url or "")
