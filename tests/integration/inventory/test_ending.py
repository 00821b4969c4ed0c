"""Guarantees 4 and 5 of inventory's README: a reservation ends once, by the database's time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from common.database import Database, Transaction
from subgraphs.inventory.domain.reservations import (
    EndedReservation,
    InsufficientStock,
    Reservation,
    ReservationState,
    UnknownReservation,
)
from subgraphs.inventory.events import CheckoutAuthorised, CheckoutEvent, CheckoutFailed, CheckoutStarted
from subgraphs.inventory.service import Inventory
from subgraphs.inventory.service.checkout import (
    on_checkout_authorised,
    on_checkout_failed,
    on_checkout_started,
)
from subgraphs.inventory.service.services import Services

Hold = Callable[..., Awaitable[Reservation]]
Stock = Callable[..., Awaitable[tuple[int, int, int]]]
Events = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]
Lapse = Callable[[UUID], Awaitable[None]]
Handler = Callable[[Transaction, Any], Awaitable[None]]

ENDS = ("committed", "released", "expired")


async def sell(database: Database, reservation_id: UUID, owner: str = "ada") -> None:
    """A checkout of its own pays for it."""
    await _check_out(database, reservation_id, owner, on_checkout_authorised, CheckoutAuthorised)


async def drop(database: Database, reservation_id: UUID, owner: str = "ada") -> None:
    """A checkout of its own comes to nothing."""
    await _check_out(database, reservation_id, owner, on_checkout_failed, CheckoutFailed)


async def _check_out(
    database: Database, reservation_id: UUID, owner: str, end: Handler, kind: type[CheckoutEvent]
) -> None:
    about = {"checkout_id": uuid4(), "reservation_id": reservation_id}
    until = datetime.now(UTC) + timedelta(hours=1)
    async with database.transaction() as transaction:
        await on_checkout_started(transaction, CheckoutStarted(**about, payer_id=owner, expires_at=until))
    async with database.transaction() as transaction:
        await end(transaction, kind(**about))


async def ends(events: Events) -> list[str]:
    """How reservations ended; an answer to a checkout that had none says nothing of its owner."""
    return [
        subject.rpartition(".")[2]
        for subject, payload in await events()
        if subject.rpartition(".")[2] in ENDS and payload["owner_id"] is not None
    ]


async def state(inventory: Inventory, reservation_id: UUID) -> str:
    return (await inventory.find_reservations([reservation_id]))[reservation_id].state


async def test_a_checkout_commits_the_pieces(
    database: Database, inventory: Inventory, hold: Hold, stock: Stock, events: Events
) -> None:
    held = await hold(quantity=2)
    await sell(database, held.id)
    assert await state(inventory, held.id) == "COMMITTED"
    assert await stock() == (20, 0, 2)
    assert await ends(events) == ["committed"]


async def test_a_checkout_that_fails_releases_the_pieces(
    database: Database, inventory: Inventory, hold: Hold, stock: Stock, events: Events
) -> None:
    held = await hold(quantity=2)
    await drop(database, held.id)
    assert await state(inventory, held.id) == "RELEASED"
    assert await stock() == (20, 0, 0)
    assert await ends(events) == ["released"]


async def test_the_owner_may_extend_it_again_and_again_but_not_beyond_its_bound(
    database: Database, inventory: Inventory, hold: Hold, events: Events
) -> None:
    held = await hold(owner="ada")
    told, length = await events(), held.expires_at - held.created_at
    for age, left in ((0.5, 1.0), (1.4, 1.0), (2.3, 1.0), (3.2, 0.8), (3.9, 0.1)):
        await turn_clock(database, held, length * age)
        extended = await inventory.extend("ada", held.id)
        assert isinstance(extended, Reservation)
        seconds = (extended.expires_at - await now(database)).total_seconds()
        assert abs(seconds - left * length.total_seconds()) < 30
    await turn_clock(database, held, length * 4)
    assert await inventory.extend("ada", held.id) == EndedReservation(ReservationState.EXPIRED)
    assert await events() == told, "nobody else needs to know"


async def test_nothing_but_an_own_reservation_that_is_held_is_extended(
    database: Database, inventory: Inventory, hold: Hold
) -> None:
    held, paid = await hold(owner="ada"), await hold(owner="ada", key="paid")
    assert await inventory.extend("bob", held.id) == UnknownReservation()
    assert await inventory.extend("ada", uuid4()) == UnknownReservation()
    about = {"checkout_id": uuid4(), "reservation_id": paid.id}
    until = datetime.now(UTC) + timedelta(hours=9)
    async with database.transaction() as transaction:
        await on_checkout_started(transaction, CheckoutStarted(**about, payer_id="ada", expires_at=until))
    assert await inventory.extend("ada", paid.id) == EndedReservation(ReservationState.PAYING)
    await inventory.release("ada", held.id)
    assert await inventory.extend("ada", held.id) == EndedReservation(ReservationState.RELEASED)
    assert (await inventory.find_reservations([paid.id]))[paid.id].expires_at == until


async def turn_clock(database: Database, held: Reservation, age: timedelta) -> None:
    """The reservation was made so long ago, and its end is as much nearer."""
    async with database.transaction() as transaction:
        await transaction.execute(
            """
            UPDATE reservation SET expires_at = expires_at - (:age - (now() - created_at)), created_at = now() - :age
            WHERE id = :id
            """,
            {"id": held.id, "age": age},
        )


async def now(database: Database) -> datetime:
    async with database.transaction() as transaction:
        moment: datetime = (await transaction.execute("SELECT now()")).scalar_one()
    return moment


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
    await sell(database, held.id)
    assert await inventory.release("ada", held.id) == EndedReservation(ReservationState.COMMITTED)
    await drop(database, held.id)
    await sell(database, held.id)
    assert await state(inventory, held.id) == "COMMITTED"
    assert await stock() == (20, 0, 1)
    assert await ends(events) == ["committed"]


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


async def test_of_many_ends_at_once_one_wins(
    database: Database, inventory: Inventory, hold: Hold, stock: Stock, events: Events
) -> None:
    for round_ in range(5):
        held = await hold(key=str(round_))
        await asyncio.gather(
            sell(database, held.id),
            inventory.release("ada", held.id),
            inventory.expire_due(),
            drop(database, held.id),
        )
    on_hand, reserved, _ = await stock()
    assert (on_hand, reserved) == (20, 0)
    assert len(await ends(events)) == 5


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
            inventory.expire_due(),
            inventory.release(f"buyer-{buyer}", held.id),
            sell(database, held.id, f"buyer-{buyer}"),
        )

    await asyncio.gather(*(buy(buyer) for buyer in range(40)))
    await inventory.expire_due()
    assert await stock("ROPE") == (5, 0, 0)
