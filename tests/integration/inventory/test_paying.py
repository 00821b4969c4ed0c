"""Guarantees 4 and 6 of inventory's README: what a checkout does to a reservation, and what it is answered."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.database import Database
from subgraphs.inventory.domain.reservations import EndedReservation, Reservation, ReservationState
from subgraphs.inventory.events import CheckoutAuthorised, CheckoutFailed, CheckoutStarted
from subgraphs.inventory.service import Inventory
from subgraphs.inventory.service.checkout import (
    on_checkout_authorised,
    on_checkout_failed,
    on_checkout_started,
)

Hold = Callable[..., Awaitable[Reservation]]
Stock = Callable[..., Awaitable[tuple[int, int, int]]]
Lapse = Callable[[UUID], Awaitable[None]]
Tell = Callable[..., Awaitable[tuple[str, dict[str, Any]]]]

CHECKOUT = UUID("00000000-0000-0000-0000-0000000000c1")
OTHER = UUID("00000000-0000-0000-0000-0000000000c2")
DEADLINE = datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def tell(database: Database, events: Callable[..., Any]) -> Tell:
    """Hands over an event of a checkout; gives the name of the answer and what it says."""

    async def tell(
        name: str, reservation_id: UUID, checkout_id: UUID = CHECKOUT, **facts: Any
    ) -> tuple[str, Any]:
        known = {"reservation_id": reservation_id, "checkout_id": checkout_id}
        count = len(await events())
        async with database.transaction() as transaction:
            match name:
                case "started":
                    more = {"payer_id": "ada", "expires_at": DEADLINE} | facts
                    await on_checkout_started(transaction, CheckoutStarted(**known, **more))
                case "authorised":
                    await on_checkout_authorised(transaction, CheckoutAuthorised(**known))
                case "failed":
                    await on_checkout_failed(transaction, CheckoutFailed(**known))
        [(subject, payload)] = (await events())[count:]
        assert (payload["reservation_id"], payload["checkout_id"]) == (str(reservation_id), str(checkout_id))
        return subject.removeprefix("inventory.reservation."), payload

    return tell


async def state(inventory: Inventory, held: Reservation) -> str:
    return (await inventory.find_reservations([held.id]))[held.id].state


async def test_a_checkout_that_goes_well_sells_the_pieces(
    inventory: Inventory, hold: Hold, tell: Tell, stock: Stock
) -> None:
    held = await hold(quantity=2)
    answer, payload = await tell("started", held.id)
    assert answer == "paying"
    assert (payload["owner_id"], payload["total_amount"], payload["currency"]) == ("ada", 2900, "EUR")
    assert datetime.fromisoformat(payload["expires_at"]) == DEADLINE
    assert (await state(inventory, held), await stock()) == ("PAYING", (20, 2, 0))
    assert (await tell("authorised", held.id))[0] == "committed"
    assert (await state(inventory, held), await stock()) == ("COMMITTED", (20, 0, 2))


async def test_a_payment_in_progress_is_not_swept_before_its_own_deadline(
    inventory: Inventory, hold: Hold, tell: Tell, lapse: Lapse, stock: Stock
) -> None:
    held = await hold()
    await tell("started", held.id)
    assert (await inventory.find_reservations([held.id]))[held.id].expires_at == DEADLINE
    assert await inventory.expire_due() == 0
    assert await inventory.release("ada", held.id) == EndedReservation(ReservationState.PAYING)
    await lapse(held.id)
    assert await state(inventory, held) == "EXPIRED"
    assert await inventory.expire_due() == 1
    answer, payload = await tell("authorised", held.id)
    assert (answer, payload["reason"]) == ("refused", "ENDED")
    assert await stock() == (20, 0, 0)


@pytest.mark.parametrize("sweeps", [0, 1])
async def test_a_checkout_of_what_ended_or_is_unknown_is_refused(
    inventory: Inventory, hold: Hold, lapse: Lapse, tell: Tell, *, sweeps: int
) -> None:
    held = await hold()
    await lapse(held.id)
    for _ in range(sweeps):
        await inventory.expire_due()
    assert (await tell("started", held.id))[1]["reason"] == "ENDED"
    assert (await tell("started", uuid4()))[1]["reason"] == "NOT_FOUND"
    assert (await tell("authorised", uuid4()))[1]["reason"] == "NOT_FOUND"


async def test_a_deadline_that_is_over_gets_nothing(hold: Hold, tell: Tell, inventory: Inventory) -> None:
    held = await hold()
    late = datetime.now(UTC) - timedelta(seconds=1)
    assert (await tell("started", held.id, expires_at=late))[1]["reason"] == "ENDED"
    assert await state(inventory, held) == "HELD"


async def test_nobody_pays_for_anothers_reservation_nor_twice(
    inventory: Inventory, hold: Hold, tell: Tell, stock: Stock
) -> None:
    held = await hold()
    assert (await tell("started", held.id, payer_id="bob"))[1]["reason"] == "NOT_OWNER"
    assert (await tell("failed", held.id))[0] == "released", (
        "and it stays as it is: this checkout never had it"
    )
    assert await state(inventory, held) == "HELD"
    assert (await tell("started", held.id))[0] == "paying"
    assert (await tell("started", held.id))[0] == "paying", "it may be told twice"
    assert (await tell("started", held.id, OTHER))[1]["reason"] == "ALREADY_PAYING"
    assert (await tell("authorised", held.id, OTHER))[1]["reason"] == "ALREADY_PAYING"
    assert (await tell("failed", held.id, OTHER))[0] == "released"
    assert (await state(inventory, held), await stock()) == ("PAYING", (20, 1, 0))


async def test_a_checkout_that_fails_gives_back_what_it_has_or_had(
    inventory: Inventory, hold: Hold, tell: Tell, stock: Stock
) -> None:
    paying, sold = await hold(key="1", quantity=2), await hold(key="2", quantity=3)
    await tell("started", paying.id)
    await tell("started", sold.id)
    await tell("authorised", sold.id)
    assert await stock() == (20, 2, 3)
    for held, left in ((paying, (20, 0, 3)), (sold, (20, 0, 0))):
        for _ in range(2):
            assert (await tell("failed", held.id))[0] == "released"
            assert (await state(inventory, held), await stock()) == ("RELEASED", left)
    assert (await tell("failed", uuid4()))[0] == "released"
    assert (await tell("authorised", sold.id))[1]["reason"] == "ENDED"


async def test_commit_failure_and_sweep_at_once_end_it_once(
    inventory: Inventory,
    database: Database,
    hold: Hold,
    lapse: Lapse,
    stock: Stock,
) -> None:
    async def answer(handler: Any, event: Any) -> None:
        async with database.transaction() as transaction:
            await handler(transaction, event)

    for round_ in range(6):
        held = await hold(key=str(round_))
        known: dict[str, Any] = {"reservation_id": held.id, "checkout_id": CHECKOUT}
        started = CheckoutStarted(**known, payer_id="ada", expires_at=DEADLINE)
        await answer(on_checkout_started, started)
        await asyncio.gather(
            answer(on_checkout_authorised, CheckoutAuthorised(**known)),
            lapse(held.id) if round_ % 2 else inventory.expire_due(),
            answer(on_checkout_failed, CheckoutFailed(**known)),
            inventory.expire_due(),
        )
        await inventory.expire_due()
        assert await state(inventory, held) in {"RELEASED", "EXPIRED"}
    assert await stock() == (20, 0, 0)


async def test_what_waited_while_a_checkout_failed_late_sells_nothing(
    inventory: Inventory, database: Database, hold: Hold, lapse: Lapse, tell: Tell
) -> None:
    held = await hold()
    await tell("started", held.id)
    known: dict[str, Any] = {"reservation_id": held.id, "checkout_id": CHECKOUT}
    async with database.transaction() as waiting:
        await waiting.execute("SELECT now()")
        await lapse(held.id)
        assert (await tell("failed", held.id))[0] == "released"
        await on_checkout_authorised(waiting, CheckoutAuthorised(**known))
    assert await state(inventory, held) == "EXPIRED"
    assert await inventory.expire_due() == 1
