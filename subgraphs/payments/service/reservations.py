"""How a reservation is paid today: from the payer's wallet, as soon as it is held."""

from uuid import UUID, uuid5

from common.database import Transaction
from subgraphs.payments.domain.attempts import AttemptState, Operation, PaymentMethod, ProviderName
from subgraphs.payments.domain.money import Money
from subgraphs.payments.domain.payments import WALLET_GRACE, PaymentState
from subgraphs.payments.events.reservations import ReservationHeld, ReservationUnfulfilled
from subgraphs.payments.service.operations import AttemptOutcome, Operations
from subgraphs.payments.store import attempts
from subgraphs.payments.store import payments as store
from subgraphs.payments.store.wallets import find_wallet_id

_NAMESPACE = UUID("0199d3a0-0000-7000-8000-000000000bad")
KEY = "reservation"


def payment_of(reservation_id: UUID) -> UUID:
    """The id of the one payment of a reservation."""
    return uuid5(_NAMESPACE, str(reservation_id))


class Reservations:
    """Pays for what inventory holds, and gives back what it cannot hand out."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def on_held(self, transaction: Transaction, event: ReservationHeld) -> None:
        """Begin the one payment of the reservation; a payer without a wallet has a while to open one."""
        payment_id = payment_of(event.reservation_id)
        await self._operations.begin(
            transaction,
            payment_id,
            payer_id=event.owner_id,
            amount=Money(event.total_amount, event.currency),
            method=PaymentMethod(ProviderName.WALLET, event.owner_id),
            reservation_id=event.reservation_id,
        )
        if await find_wallet_id(transaction, event.owner_id, event.currency) is None:
            await attempts.postpone(transaction, payment_id, WALLET_GRACE)

    async def on_outcome(self, transaction: Transaction, outcome: AttemptOutcome) -> None:
        """Take the money of a reservation's payment as soon as it is set aside."""
        payment, attempt = outcome.payment, outcome.attempt
        is_own = payment.reservation_id is not None and payment.id == payment_of(payment.reservation_id)
        is_set_aside = attempt.operation is Operation.AUTHORISE and attempt.state is AttemptState.SUCCEEDED
        if is_own and is_set_aside:
            await self._operations.capture(transaction, payment.id, key=KEY)

    async def on_unfulfilled(self, transaction: Transaction, event: ReservationUnfulfilled) -> None:
        """Give the money of the payment back, once."""
        payment = await store.lock(transaction, event.payment_id)
        if payment is None:
            raise LookupError(f"no payment {event.payment_id}")
        if payment.state is PaymentState.CAPTURED:
            await self._operations.refund(transaction, payment.id, key="unfulfilled")
