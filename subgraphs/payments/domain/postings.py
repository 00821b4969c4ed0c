"""What an event of a payment means in the ledger.

An authorisation is a pending transfer from the provider's clearing account to the merchant's; a capture posts it, a void lets it
go, a refund moves back. A dispute is a pending transfer the other way. The ids follow from the event, so that posting again
posts once.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

from common.ledger import Transfer
from subgraphs.payments.domain.accounts import CLEARING, House, house_id
from subgraphs.payments.domain.attempts import ProviderName
from subgraphs.payments.domain.disputes import DisputeLost, DisputeOpened, DisputeWon
from subgraphs.payments.domain.history import Authorised, Captured, Happening, Refunded, Voided
from subgraphs.payments.domain.money import allocate
from subgraphs.payments.domain.payments import Payment

FEES: Final[Mapping[ProviderName, int]] = {ProviderName.WALLET: 0, ProviderName.CARD: 150}
"""What a provider keeps of a capture, in hundredths of a per cent."""


def fee_of(provider: ProviderName, amount: int) -> int:
    """The provider's part of `amount`; the merchant's is the rest, exactly."""
    part = FEES[provider]
    return allocate(amount, [part, 10_000 - part])[0]


def postings(before: Payment, event: Happening) -> Sequence[Transfer]:
    """The transfers of the event that comes next to the payment `before`."""
    post = _POSTINGS.get(type(event))
    return post(before, event) if post else ()


def _authorised(payment: Payment, event: Authorised) -> Sequence[Transfer]:
    return () if payment.is_closed else (_hold(payment, event.amount),)


def _captured(payment: Payment, event: Captured) -> Sequence[Transfer]:
    taken = Transfer.post(_next_id(payment, "post"), _held(payment), code="CAPTURE", amount=event.amount)
    transfers = [taken]
    left = payment.authorised - payment.captured - event.amount
    if left and not event.is_last:
        transfers.append(_hold(payment, left))
    if event.fee:
        transfers.append(
            _move(payment, "fee", "FEE", debit=House.MERCHANT, credit=House.FEES, amount=event.fee)
        )
    return transfers


def _voided(payment: Payment, _event: Voided) -> Sequence[Transfer]:
    if payment.hold is None:
        return ()
    return (Transfer.void(_next_id(payment, "void"), _held(payment), code="VOID"),)


def _refunded(payment: Payment, event: Refunded) -> Sequence[Transfer]:
    clearing = CLEARING[payment.method.provider]
    return (_move(payment, "refund", "REFUND", debit=House.MERCHANT, credit=clearing, amount=event.amount),)


def _dispute_opened(payment: Payment, event: DisputeOpened) -> Sequence[Transfer]:
    currency = payment.amount.currency
    pending = Transfer.pending(
        _dispute_id(payment, event.dispute_id),
        debit=house_id(House.MERCHANT, currency),
        credit=house_id(CLEARING[payment.method.provider], currency),
        amount=event.amount,
        currency=currency,
        code="DISPUTE",
        reference=payment.id,
    )
    return (pending,)


def _dispute_won(payment: Payment, event: DisputeWon) -> Sequence[Transfer]:
    pending = _dispute_id(payment, event.dispute_id)
    return (Transfer.void(_next_id(payment, "won"), pending, code="DISPUTE_WON"),)


def _dispute_lost(payment: Payment, event: DisputeLost) -> Sequence[Transfer]:
    pending = _dispute_id(payment, event.dispute_id)
    return (Transfer.post(_next_id(payment, "lost"), pending, code="DISPUTE_LOST"),)


def _hold(payment: Payment, amount: int) -> Transfer:
    currency = payment.amount.currency
    return Transfer.pending(
        _next_id(payment, "hold"),
        debit=house_id(CLEARING[payment.method.provider], currency),
        credit=house_id(House.MERCHANT, currency),
        amount=amount,
        currency=currency,
        code="AUTHORISATION",
        reference=payment.id,
    )


def _move(payment: Payment, part: str, code: str, *, debit: House, credit: House, amount: int) -> Transfer:
    currency = payment.amount.currency
    return Transfer.posted(
        _next_id(payment, part),
        debit=house_id(debit, currency),
        credit=house_id(credit, currency),
        amount=amount,
        currency=currency,
        code=code,
        reference=payment.id,
    )


def _held(payment: Payment) -> UUID:
    assert payment.hold is not None, "what is captured was authorised"
    return uuid5(payment.id, f"{payment.hold}:hold")


def _next_id(payment: Payment, part: str) -> UUID:
    return uuid5(payment.id, f"{payment.version + 1}:{part}")


def _dispute_id(payment: Payment, dispute_id: str) -> UUID:
    return uuid5(payment.id, f"dispute:{dispute_id}")


_POSTINGS: Final[Mapping[type, Callable[[Payment, Any], Sequence[Transfer]]]] = {
    Authorised: _authorised,
    Captured: _captured,
    Voided: _voided,
    Refunded: _refunded,
    DisputeOpened: _dispute_opened,
    DisputeWon: _dispute_won,
    DisputeLost: _dispute_lost,
}
