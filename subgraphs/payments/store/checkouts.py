"""The SQL of checkouts: the row, and a line in its history for each change. Time is the database's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Row, text

from common.database import Transaction
from subgraphs.payments.domain.attempts import PaymentMethod, ProviderName
from subgraphs.payments.domain.checkouts import Checkout, CheckoutState, FailureReason
from subgraphs.payments.domain.money import Money

NOW = text("SELECT now()")
NEW_ID = text("SELECT uuidv7()")
ADD = text("""
    INSERT INTO checkout (id, reservation_id, payer_id, provider, token, state, deadline, version, created_at)
    VALUES (:id, :reservation_id, :payer_id, :provider, :token, :state, :deadline, :version, :created_at)
""")
LOCK = text("SELECT *, now() AS looked_at FROM checkout WHERE id = :id FOR UPDATE")
LOCK_DUE = text("""
    SELECT *, now() AS looked_at FROM checkout WHERE deadline <= now()
    ORDER BY deadline LIMIT 1 FOR UPDATE SKIP LOCKED
""")
SAVE = text("""
    UPDATE checkout SET state = :state, amount = :amount, currency = :currency, action_url = :action_url,
           failure = :failure, detail = :detail, deadline = :deadline, version = :version
    WHERE id = :id AND version = :version - 1
""")
ADD_STEP = text("""
    INSERT INTO checkout_step (checkout_id, version, message, state) VALUES (:id, :version, :message, :state)
""")
FIND = text("SELECT * FROM checkout WHERE id = ANY(:ids)")
NEWEST_FOR = text("""
    SELECT DISTINCT ON (reservation_id) * FROM checkout
    WHERE reservation_id = ANY(:reservation_ids) AND payer_id = :payer_id ORDER BY reservation_id, id DESC
""")
STATES = text("SELECT state FROM checkout WHERE payer_id = ANY(:payer_ids)")
STEPS = text("""
    SELECT checkout_id, version, message, state, at FROM checkout_step
    WHERE checkout_id = ANY(:ids) ORDER BY checkout_id, version
""")

BEGINNING: Final = "Checkout"
"""The message of a checkout's first step."""


class Locked(Struct, frozen=True):
    """A checkout that nobody else changes before the transaction ends, and the database's time."""

    checkout: Checkout
    now: datetime


class CheckoutStep(Struct, frozen=True, kw_only=True):
    """A change of a checkout: the kind of `message` that came, and the `state` after it."""

    version: int
    message: str
    state: CheckoutState
    at: datetime


async def now(transaction: Transaction) -> datetime:
    """The time at which `transaction` began."""
    found: datetime = (await transaction.execute(NOW)).scalar_one()
    return found


async def new_id(transaction: Transaction) -> UUID:
    """An id that is greater than those before it."""
    made: UUID = (await transaction.execute(NEW_ID)).scalar_one()
    return made


async def add(transaction: Transaction, checkout: Checkout) -> None:
    values = {
        "id": checkout.id,
        "reservation_id": checkout.reservation_id,
        "payer_id": checkout.payer_id,
        "provider": checkout.method.provider.value,
        "token": checkout.method.token,
        "state": checkout.state.value,
        "deadline": checkout.deadline,
        "version": checkout.version,
        "created_at": checkout.created_at,
    }
    await transaction.execute(ADD, values)
    await _add_step(transaction, checkout, BEGINNING)


async def lock(transaction: Transaction, id_: UUID) -> Locked | None:
    row = (await transaction.execute(LOCK, {"id": id_})).one_or_none()
    return None if row is None else Locked(_checkout(row), row.looked_at)


async def lock_due(transaction: Transaction) -> Locked | None:
    """A checkout whose deadline has passed and that no other transaction is at."""
    row = (await transaction.execute(LOCK_DUE)).one_or_none()
    return None if row is None else Locked(_checkout(row), row.looked_at)


async def save(transaction: Transaction, changed: Checkout, message: object) -> None:
    """Keep a locked checkout that `message` has changed to its next version."""
    values = {
        "id": changed.id,
        "state": changed.state.value,
        "amount": changed.amount.amount if changed.amount else None,
        "currency": changed.amount.currency if changed.amount else None,
        "action_url": changed.action_url,
        "failure": changed.failure.value if changed.failure else None,
        "detail": changed.detail,
        "deadline": changed.deadline,
        "version": changed.version,
    }
    saved = await transaction.execute(SAVE, values)
    assert saved.rowcount == 1, "the row was locked"
    await _add_step(transaction, changed, type(message).__name__)


async def find(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, Checkout]:
    return {row.id: _checkout(row) for row in await transaction.execute(FIND, {"ids": list(ids)})}


async def find_newest_for(
    transaction: Transaction, payer_id: str, reservation_ids: Sequence[UUID]
) -> dict[UUID, Checkout]:
    """The newest checkout of `payer_id` for each reservation, by it."""
    parameters = {"reservation_ids": list(reservation_ids), "payer_id": payer_id}
    return {row.reservation_id: _checkout(row) for row in await transaction.execute(NEWEST_FOR, parameters)}


async def list_states(transaction: Transaction, payer_ids: Sequence[str]) -> list[CheckoutState]:
    """The state of each checkout of these payers."""
    found = await transaction.execute(STATES, {"payer_ids": list(payer_ids)})
    return [CheckoutState(state) for state in found.scalars()]


async def list_steps(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, list[CheckoutStep]]:
    """The history of each checkout, from its beginning."""
    steps: dict[UUID, list[CheckoutStep]] = {id_: [] for id_ in ids}
    for row in await transaction.execute(STEPS, {"ids": list(ids)}):
        step = CheckoutStep(
            version=row.version, message=row.message, state=CheckoutState(row.state), at=row.at
        )
        steps[row.checkout_id].append(step)
    return steps


async def _add_step(transaction: Transaction, checkout: Checkout, message: str) -> None:
    values = {"id": checkout.id, "version": checkout.version, "message": message}
    await transaction.execute(ADD_STEP, {**values, "state": checkout.state.value})


def _checkout(row: Row[Any]) -> Checkout:
    return Checkout(
        id=row.id,
        reservation_id=row.reservation_id,
        payer_id=row.payer_id,
        method=PaymentMethod(ProviderName(row.provider), row.token),
        state=CheckoutState(row.state),
        amount=None if row.amount is None else Money(row.amount, row.currency),
        action_url=row.action_url,
        failure=FailureReason(row.failure) if row.failure else None,
        detail=row.detail,
        deadline=row.deadline,
        version=row.version,
        created_at=row.created_at,
    )
