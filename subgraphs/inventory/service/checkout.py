"""What payments' events do to reservations, and the answers to them."""

from uuid import UUID

from common.database import Transaction
from common.failpoints import failpoint
from subgraphs.inventory.domain.reservations import Refusal, Reservation, ReservationState, refusal
from subgraphs.inventory.events import (
    CheckoutAuthorised,
    CheckoutEvent,
    CheckoutFailed,
    CheckoutStarted,
    ReservationCommitted,
    ReservationPaying,
    ReservationRefused,
    ReservationReleased,
)
from subgraphs.inventory.service.ending import end, ended_event
from subgraphs.inventory.store import ending
from subgraphs.inventory.store.reservations import find_reservations

_PAYING, _COMMITTED = ReservationState.PAYING, ReservationState.COMMITTED


async def on_checkout_started(transaction: Transaction, event: CheckoutStarted) -> None:
    """Give the reservation to the checkout: no sweep ends it before the checkout's own deadline."""
    is_its = await ending.begin_payment(
        transaction,
        event.reservation_id,
        payer_id=event.payer_id,
        checkout_id=event.checkout_id,
        expires_at=event.expires_at,
    )
    found = await _find(transaction, event.reservation_id)
    failpoint("inventory.paying.before_commit")
    if found is not None and is_its:
        await transaction.publish(_paying_event(event, found))
        return
    reason = refusal(found, checkout_id=event.checkout_id, payer_id=event.payer_id)
    await _refuse(transaction, event, reason or Refusal.ENDED)


async def on_checkout_authorised(transaction: Transaction, event: CheckoutAuthorised) -> None:
    """Sell the pieces to the checkout that has them; to one that is late, say so."""
    commit = ending.Ending(state=_COMMITTED, was=(_PAYING,), checkout_id=event.checkout_id)
    committed = await end(transaction, [event.reservation_id], commit, ReservationCommitted)
    failpoint("inventory.authorised.before_commit")
    if committed:
        return
    found = await _find(transaction, event.reservation_id)
    if found is not None and (found.state, found.checkout_id) == (_COMMITTED, event.checkout_id):
        await transaction.publish(ended_event(ReservationCommitted, found))
    else:
        reason = refusal(found, checkout_id=event.checkout_id)
        await _refuse(transaction, event, reason or Refusal.ENDED)


async def on_checkout_failed(transaction: Transaction, event: CheckoutFailed) -> None:
    """Put the pieces that the checkout has or had back on offer. What is another's, or has ended, stays as it is."""
    release = ending.Ending(
        state=ReservationState.RELEASED, was=(_PAYING, _COMMITTED), checkout_id=event.checkout_id
    )
    released = await end(transaction, [event.reservation_id], release, ReservationReleased)
    failpoint("inventory.failed.before_commit")
    if not released:
        answer = ReservationReleased(reservation_id=event.reservation_id, checkout_id=event.checkout_id)
        await transaction.publish(answer)


async def _find(transaction: Transaction, reservation_id: UUID) -> Reservation | None:
    return (await find_reservations(transaction, [reservation_id])).get(reservation_id)


async def _refuse(transaction: Transaction, event: CheckoutEvent, reason: Refusal) -> None:
    await transaction.publish(
        ReservationRefused(
            reservation_id=event.reservation_id, checkout_id=event.checkout_id, reason=reason.value
        )
    )


def _paying_event(event: CheckoutStarted, found: Reservation) -> ReservationPaying:
    return ReservationPaying(
        reservation_id=found.id,
        checkout_id=event.checkout_id,
        owner_id=found.owner_id,
        total_amount=found.total.amount,
        currency=found.total.currency,
        expires_at=found.expires_at,
    )
