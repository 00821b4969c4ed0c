"""Guarantees 4 to 6 of inventory's README: a reservation ends once, and no captured money is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.database import Database
from subgraphs.inventory.domain.reservations import (
    EndedReservation,
    InsufficientStock,
    Reservation,
    ReservationState,
    UnknownReservation,
)
from subgraphs.inventory.events import PaymentCaptured, PaymentDeclined
from subgraphs.inventory.service import Inventory
from subgraphs.inventory.service.checkout import on_payment_captured, on_payment_declined
from subgraphs.inventory.service.services import Services

Hold = Callable[..., Awaitable[Reservation]]
Stock = Callable[..., Awaitable[tuple[int, int, int]]]
Events = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]
Lapse = Callable[[UUID], Awaitable[None]]

PAYMENT = uuid4()


async def capture(database: Database, reservation_id: UUID) -> None:
    async with database.transaction() as transaction:
        await on_payment_captured(
            transaction, PaymentCaptured(payment_id=PAYMENT, reservation_id=reservation_id)
        )


async def decline(database: Database, reservation_id: UUID) -> None:
    async with database.transaction() as transaction:
        await on_payment_declined(
            transaction, PaymentDeclined(payment_id=PAYMENT, reservation_id=reservation_id)
        )


async def state(inventory: Inventory, reservation_id: UUID) -> str:
    return (await inventory.find_reservations([reservation_id]))[reservation_id].state


async def test_a_captured_payment_commits_the_pieces(
    database: Database, inventory: Inventory, hold: Hold, stock: Stock, events: Events
) -> None:
    held = await hold(quantity=2)
    await capture(database, held.id)
    assert await state(inventory, held.id) == "COMMITTED"
    assert await stock() == (20, 0, 2)
    assert [subject for subject, _ in await events()][1:] == ["inventory.reservation.committed"]


async def test_a_declined_payment_releases_the_pieces(
    database: Database, inventory: Inventory, hold: Hold, stock: Stock, events: Events
) -> None:
    held = await hold(quantity=2)
    await decline(database, held.id)
    assert await state(inventory, held.id) == "RELEASED"
    assert await stock() == (20, 0, 0)
    assert [subject for subject, _ in await events()][1:] == ["inventory.reservation.released"]


async def test_the_owner_may_release(inventory: Inventory, hold: Hold, stock: Stock) -> None:
    held = await hold(owner="ada")
    released = await inventory.release("ada", held.id)
    assert isinstance(released, Reservation)
    assert released.state == "RELEASED"
    assert await stock() == (20, 0, 0)


async def test_nobody_else_may_release_or_learns_that_it_exists(
    inventory: Inventory, hold: Hold, stock: Stock
) -> None:
    held = await hold(owner="ada")
    assert await inventory.release("bob", held.id) == UnknownReservation()
    assert await inventory.release("ada", uuid4()) == UnknownReservation()
    assert await stock() == (20, 1, 0)


async def test_what_ended_stays_as_it_ended(
    database: Database, inventory: Inventory, hold: Hold, stock: Stock, events: Events
) -> None:
    held = await hold()
    await capture(database, held.id)
    assert await inventory.release("ada", held.id) == EndedReservation(ReservationState.COMMITTED)
    await decline(database, held.id)
    await capture(database, held.id)
    assert await state(inventory, held.id) == "COMMITTED"
    assert await stock() == (20, 0, 1)
    assert len(await events()) == 2


async def test_pieces_of_a_lapsed_hold_are_available_before_any_sweep(
    services: Services, inventory: Inventory, hold: Hold, lapse: Lapse, stock: Stock
) -> None:
    held = await hold("ada", "ROPE", 5)
    await lapse(held.id)
    assert await state(inventory, held.id) == "EXPIRED"
    variant_id = held.lines[0].variant_id
    [found] = (await services.stock.find_by_variant([variant_id]))[variant_id]
    assert (found.level.available, found.level.held) == (5, 0)
    taken = await inventory.reserve("bob", "ROPE", 4, "k")
    assert isinstance(taken, Reservation)
    assert await stock("ROPE") == (5, 4, 0)


async def test_the_sweep_ends_what_is_due_and_nothing_else(
    inventory: Inventory, hold: Hold, lapse: Lapse, stock: Stock, events: Events
) -> None:
    lapsed, lapsed_too, kept = await hold(key="1"), await hold(key="2", sku="ROPE"), await hold(key="3")
    await lapse(lapsed.id)
    await lapse(lapsed_too.id)
    assert await inventory.expire_due() == 2
    assert await inventory.expire_due() == 0
    assert await state(inventory, kept.id) == "HELD"
    assert (await stock(), await stock("ROPE")) == ((20, 1, 0), (5, 0, 0))
    assert [subject for subject, _ in await events()].count("inventory.reservation.expired") == 2


async def test_a_lapsed_hold_cannot_be_released(inventory: Inventory, hold: Hold, lapse: Lapse) -> None:
    held = await hold()
    await lapse(held.id)
    assert await inventory.release("ada", held.id) == EndedReservation(ReservationState.EXPIRED)


@pytest.mark.parametrize("sweeps", [0, 1])
async def test_money_captured_after_the_end_is_called_back(
    inventory: Inventory, hold: Hold, lapse: Lapse, database: Database, events: Events, *, sweeps: int
) -> None:
    held = await hold()
    await lapse(held.id)
    for _ in range(sweeps):
        await inventory.expire_due()
    await capture(database, held.id)
    assert await state(inventory, held.id) == "EXPIRED"
    subject, payload = (await events())[-1]
    assert subject == "inventory.reservation.unfulfilled"
    assert payload == {"reservation_id": str(held.id), "payment_id": str(PAYMENT), "state": "EXPIRED"}


async def test_money_captured_after_a_release_is_called_back(
    database: Database, inventory: Inventory, hold: Hold, events: Events
) -> None:
    held = await hold()
    await inventory.release("ada", held.id)
    await capture(database, held.id)
    subject, payload = (await events())[-1]
    assert (subject, payload["state"]) == ("inventory.reservation.unfulfilled", "RELEASED")


async def test_a_payment_for_no_reservation_is_a_defect(database: Database) -> None:
    with pytest.raises(LookupError):
        await capture(database, uuid4())


async def test_of_many_ends_at_once_one_wins(
    database: Database, inventory: Inventory, hold: Hold, stock: Stock, events: Events
) -> None:
    for round_ in range(5):
        held = await hold(key=str(round_))
        await asyncio.gather(
            capture(database, held.id),
            inventory.release("ada", held.id),
            inventory.expire_due(),
            decline(database, held.id),
        )
    on_hand, reserved, _ = await stock()
    assert (on_hand, reserved) == (20, 0)
    ends = [subject for subject, _ in await events() if subject.rpartition(".")[2] in ENDS]
    assert len(ends) == 5


ENDS = ("committed", "released", "expired")


async def test_buyers_sweepers_and_owners_do_not_block_one_another(
    database: Database, inventory: Inventory, lapse: Lapse, stock: Stock
) -> None:
    async def buy(buyer: int) -> None:
        held = await inventory.reserve(f"buyer-{buyer}", "ROPE", 1 + buyer % 2, "k")
        if isinstance(held, InsufficientStock):
            return
        assert isinstance(held, Reservation)
        await lapse(held.id)
        await asyncio.gather(
            inventory.expire_due(), inventory.release(f"buyer-{buyer}", held.id), capture(database, held.id)
        )

    await asyncio.gather(*(buy(buyer) for buyer in range(40)))
    await inventory.expire_due()
    assert await stock("ROPE") == (5, 0, 0)
