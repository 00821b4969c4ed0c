"""Which operations a payment allows: each command gives the event that follows from it, or is refused."""

from typing import Final

from subgraphs.payments.domain.attempts import Operation, ProviderName
from subgraphs.payments.domain.history import Requested
from subgraphs.payments.domain.payments import Payment
from subgraphs.payments.errors import NotPossibleError

IN_PARTS: Final = frozenset({ProviderName.WALLET})
"""The providers that let several captures take of one authorisation (`provider.port.CapturesInParts`)."""


def capture(payment: Payment, effect_key: str, amount: int | None, *, is_last: bool) -> Requested:
    """Ask for `amount` or all that is left; unless it `is_last`, for more to follow.

    Raises:
        NotPossibleError: so much is not left, or the provider takes what it takes at once.
    """
    if not is_last and payment.method.provider not in IN_PARTS:
        raise NotPossibleError(f"{payment.method.provider} captures once, and lets the rest go")
    wanted = _within(payment.capturable, amount, "captured")
    return Requested(effect_key=effect_key, operation=Operation.CAPTURE, amount=wanted, is_last=is_last)


def refund(payment: Payment, effect_key: str, amount: int | None) -> Requested:
    """Ask for `amount` or all that is left. Raises NotPossibleError when so much is not left."""
    wanted = _within(payment.refundable, amount, "refunded")
    return Requested(effect_key=effect_key, operation=Operation.REFUND, amount=wanted)


def void(payment: Payment, effect_key: str) -> Requested:
    """Let the authorisation go, also one that still waits for the payer.

    Raises:
        NotPossibleError: there is none, or a capture of it is done or under way.
    """
    busy = payment.captured or payment.asked_for(Operation.CAPTURE) or payment.asked_for(Operation.VOID)
    if payment.authorisation is None or payment.is_closed or busy:
        raise NotPossibleError(f"Nothing of a payment that is {payment.state} can be let go")
    amount = payment.authorised or payment.amount.amount
    return Requested(effect_key=effect_key, operation=Operation.VOID, amount=amount)


def _within(left: int, amount: int | None, done: str) -> int:
    wanted = left if amount is None else amount
    if not 1 <= wanted <= left:
        raise NotPossibleError(f"{left} minor units are left to be {done}, not {wanted}", left=left)
    return wanted
