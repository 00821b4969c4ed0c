"""How a reservation becomes a sale: the steps of a checkout, as a pure function of what has happened.

`advance` takes a checkout and a message and gives the checkout after it and the commands that follow. It does no I/O and
never fails, whatever comes, in any order, twice or late. Stock is held first, then the money is set aside, then the stock is
sold, then the money is taken: that is the pivot. Before it every failure is made good in reverse, after it there is only
forward. What is not known is waited for: no time-out ever decides what a provider did.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from subgraphs.payments.domain.attempts import Operation, PaymentMethod
from subgraphs.payments.domain.checkout_messages import (
    ActionNeeded,
    Answered,
    Authorise,
    Capture,
    Command,
    DeadlinePassed,
    Message,
    Ship,
    Shipped,
    StockCommitted,
    StockPaying,
    StockRefused,
    StockReleased,
    TellAuthorised,
    TellFailed,
    TellStarted,
    Void,
)
from subgraphs.payments.domain.checkouts import Checkout, CheckoutState, FailureReason, Patience

Step: TypeAlias = tuple[Checkout, tuple[Command, ...]]
Reaction: TypeAlias = Callable[[Checkout, Any, datetime, Patience], Step]


def begin(
    id_: UUID,
    reservation_id: UUID,
    *,
    payer_id: str,
    method: PaymentMethod,
    now: datetime,
    patience: Patience,
) -> Step:
    """A new checkout, and what follows from it."""
    checkout = Checkout(
        id=id_,
        reservation_id=reservation_id,
        payer_id=payer_id,
        method=method,
        deadline=now + patience.answer,
        created_at=now,
    )
    return checkout, (TellStarted(now + patience.pay + patience.margin),)


def advance(checkout: Checkout, message: Message, now: datetime, patience: Patience) -> Step:
    """The checkout after `message` and what follows; the same checkout when the message says nothing that it waits for.

    `now` is the database's time.
    """
    reaction = _REACTIONS.get((checkout.state, type(message)))
    if reaction is None:
        return checkout, ()
    changed, commands = reaction(checkout, message, now, patience)
    if changed is checkout:
        return checkout, ()
    return msgspec.structs.replace(changed, version=checkout.version + 1), commands


def _become(checkout: Checkout, state: CheckoutState, **fields: Any) -> Checkout:
    """The checkout in `state`, which it waits in without a deadline unless `fields` give one."""
    return msgspec.structs.replace(
        checkout, **{"state": state, "deadline": None, "action_url": None, **fields}
    )


# On the way to the sale


def _authorise(checkout: Checkout, message: StockPaying, now: datetime, patience: Patience) -> Step:
    until = min(now + patience.pay, message.expires_at)
    changed = _become(checkout, CheckoutState.AUTHORISING, amount=message.amount, deadline=until)
    return changed, (Authorise(message.amount),)


def _ask_payer(checkout: Checkout, message: ActionNeeded, _now: datetime, _patience: Patience) -> Step:
    if checkout.failure is not None:
        return _void(checkout)
    if checkout.action_url == message.url:
        return checkout, ()
    return msgspec.structs.replace(checkout, action_url=message.url), ()


def _on_authorised(checkout: Checkout, message: Answered, now: datetime, patience: Patience) -> Step:
    if message.operation is not Operation.AUTHORISE:
        return checkout, ()
    if message.code is not None:
        return _release(_failed(checkout, FailureReason.DECLINED, message.code))
    if checkout.failure is not None:
        return _void(checkout)
    return _become(checkout, CheckoutState.COMMITTING, deadline=now + patience.answer), (TellAuthorised(),)


def _capture(checkout: Checkout, _message: StockCommitted, _now: datetime, _patience: Patience) -> Step:
    return _become(checkout, CheckoutState.CAPTURING), (Capture(),)


def _on_captured(checkout: Checkout, message: Answered, now: datetime, patience: Patience) -> Step:
    if message.operation is not Operation.CAPTURE:
        return checkout, ()
    if message.code is not None:
        return _void(_failed(checkout, FailureReason.DECLINED, message.code))
    return _ship(checkout, message, now, patience)


def _ship(checkout: Checkout, _message: object, now: datetime, patience: Patience) -> Step:
    return _become(checkout, CheckoutState.SHIPPING, deadline=now + patience.ship), (Ship(),)


def _complete(checkout: Checkout, _message: Shipped, _now: datetime, _patience: Patience) -> Step:
    return _become(checkout, CheckoutState.COMPLETED), ()


# And back


def _refuse(checkout: Checkout, message: StockRefused, _now: datetime, _patience: Patience) -> Step:
    """Nothing was done that would have to be undone."""
    reason = _REFUSALS.get(message.reason, FailureReason.RESERVATION_ENDED)
    return _become(_failed(checkout, reason), CheckoutState.FAILED), ()


def _give_up(checkout: Checkout, _message: DeadlinePassed, _now: datetime, _patience: Patience) -> Step:
    """Inventory has not answered; when it reads what it was asked, it reads next that it is over."""
    return _release(_failed(checkout, FailureReason.TIMED_OUT))


def _stop_waiting_for_payer(
    checkout: Checkout, _message: DeadlinePassed, _now: datetime, _patience: Patience
) -> Step:
    """Let the authorisation go if the provider waits for the payer; else the provider's answer must come first."""
    failed = _failed(checkout, FailureReason.TIMED_OUT)
    if checkout.action_url is not None:
        return _void(failed)
    return msgspec.structs.replace(failed, deadline=None), ()


def _lose_stock(checkout: Checkout, _message: StockRefused, _now: datetime, _patience: Patience) -> Step:
    return _void(_failed(checkout, FailureReason.RESERVATION_ENDED))


def _stop_waiting_for_stock(
    checkout: Checkout, _message: DeadlinePassed, _now: datetime, _patience: Patience
) -> Step:
    return _void(_failed(checkout, FailureReason.TIMED_OUT))


def _on_voided(checkout: Checkout, message: Answered, _now: datetime, _patience: Patience) -> Step:
    """The money is let go; a provider that declines to has nothing to let go, nor has one that declined the payer."""
    is_declined = message.operation is Operation.AUTHORISE and message.code is not None
    return _release(checkout) if message.operation is Operation.VOID or is_declined else (checkout, ())


def _end(checkout: Checkout, _message: StockReleased, _now: datetime, _patience: Patience) -> Step:
    return _become(checkout, CheckoutState.FAILED), ()


def _end_unstarted(checkout: Checkout, _message: StockRefused, _now: datetime, _patience: Patience) -> Step:
    """What comes late is the refusal to keep pieces at all, if they never were; else their release is still to come."""
    return _become(checkout, CheckoutState.FAILED) if checkout.amount is None else checkout, ()


def _void(checkout: Checkout) -> Step:
    return _become(checkout, CheckoutState.VOIDING), (Void(),)


def _release(checkout: Checkout) -> Step:
    assert checkout.failure is not None, "nothing is given back without a reason"
    return _become(checkout, CheckoutState.RELEASING), (TellFailed(checkout.failure.value),)


def _failed(checkout: Checkout, reason: FailureReason, detail: str | None = None) -> Checkout:
    if checkout.failure is not None:
        return checkout
    return msgspec.structs.replace(checkout, failure=reason, detail=detail)


_REFUSALS: Final[Mapping[str | None, FailureReason]] = {
    "NOT_FOUND": FailureReason.RESERVATION_NOT_FOUND,
    "NOT_OWNER": FailureReason.RESERVATION_NOT_FOUND,
    "ALREADY_PAYING": FailureReason.ALREADY_PAYING,
}
"""Another's reservation is as absent as none."""

_REACTIONS: Final[Mapping[tuple[CheckoutState, type], Reaction]] = {
    (CheckoutState.STARTED, StockPaying): _authorise,
    (CheckoutState.STARTED, StockRefused): _refuse,
    (CheckoutState.STARTED, DeadlinePassed): _give_up,
    (CheckoutState.AUTHORISING, ActionNeeded): _ask_payer,
    (CheckoutState.AUTHORISING, Answered): _on_authorised,
    (CheckoutState.AUTHORISING, DeadlinePassed): _stop_waiting_for_payer,
    (CheckoutState.COMMITTING, StockCommitted): _capture,
    (CheckoutState.COMMITTING, StockRefused): _lose_stock,
    (CheckoutState.COMMITTING, DeadlinePassed): _stop_waiting_for_stock,
    (CheckoutState.CAPTURING, Answered): _on_captured,
    (CheckoutState.SHIPPING, Shipped): _complete,
    (CheckoutState.SHIPPING, DeadlinePassed): _ship,
    (CheckoutState.VOIDING, Answered): _on_voided,
    (CheckoutState.RELEASING, StockReleased): _end,
    (CheckoutState.RELEASING, StockRefused): _end_unstarted,
}
"""What a message means where somebody waits for it; anywhere else it is late, or comes again."""
