"""Reserving: once for each key, within limits and quotas, in as few statements as it takes."""

from collections import Counter
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.idempotency import Claim, answered
from common.idempotency import claim as claim_key
from subgraphs.inventory.domain.allocation import allocate
from subgraphs.inventory.domain.bundles import needed, shortages
from subgraphs.inventory.domain.limits import LimitReached
from subgraphs.inventory.domain.reservations import (
    Demand,
    InsufficientStock,
    Order,
    Reservation,
    UnknownProduct,
    price,
)
from subgraphs.inventory.events import ReservationHeld
from subgraphs.inventory.service.ending import SWEEP, expire
from subgraphs.inventory.service.hot import HotItems
from subgraphs.inventory.service.limits import find_excess
from subgraphs.inventory.store import bundles, catalogue, ending, quotas, stock
from subgraphs.inventory.store import reservations as store

Refused: TypeAlias = InsufficientStock | UnknownProduct | LimitReached


class _Receipt(Struct, frozen=True):
    """What is remembered under an idempotency key; a held reservation by its id, for it goes on living."""

    outcome: UUID | Refused


class _LostRaceError(Exception):
    """Another transaction has claimed the key meanwhile: what was done for it is rolled back."""


class Reserving:
    """`hot` says which items are split, `region` whose quotas are used."""

    def __init__(self, database: Database, hot: HotItems, region: str | None) -> None:
        self._database = database
        self._hot = hot
        self._region = region

    async def once(self, claim: Claim, order: Order) -> Reservation | Refused:
        """Hold what is ordered, or give what came of it the first time.

        Keys are claimed behind all locks, so that who waits for a key has nothing that another waits for in turn.

        Raises:
            IdempotencyMismatch
        """
        if len(order.demands) == 1 and self._region is None:
            held = await self._at_once(claim, order)
            if held is not None:
                return held
        while True:
            try:
                async with self._database.transaction() as transaction:
                    return await self._step_by_step(transaction, claim, order)
            except _LostRaceError:
                continue

    async def _at_once(self, claim: Claim, order: Order) -> Reservation | None:
        """All in one statement, which is its own transaction, if it may be had so."""
        [demand] = order.demands
        is_hot = demand.sku in self._hot.skus
        async with self._database.autocommit() as transaction:
            taken = await store.take_one_once(
                transaction,
                order,
                is_hot=is_hot,
                claim=claim,
                result=_Receipt(order.id),
                subject=ReservationHeld.subject,
            )
        if taken is None:
            return None
        failpoint("inventory.reserve.after_commit")
        if not is_hot:
            self._hot.note(demand.sku, taken.waited)
        return taken.held

    async def _step_by_step(
        self, transaction: Transaction, claim: Claim, order: Order
    ) -> Reservation | Refused:
        kept = await answered(transaction, claim, _Receipt)
        if kept is not None:
            return await _recall(transaction, kept)
        outcome = await self._reserve(transaction, order)
        failpoint("inventory.reserve.after_take")
        receipt = _Receipt(outcome.id if isinstance(outcome, Reservation) else outcome)
        if not await claim_key(transaction, claim, receipt):
            raise _LostRaceError
        if isinstance(outcome, Reservation):
            await transaction.publish(_held_event(outcome))
        failpoint("inventory.reserve.before_commit")
        return outcome

    async def _reserve(self, transaction: Transaction, order: Order) -> Reservation | Refused:
        """Within the owner's limits and the region's quotas."""
        excess = await find_excess(transaction, order)
        if excess is not None:
            return excess
        if self._region is None:
            return await self._take(transaction, order)
        taken, short = await quotas.take(transaction, self._region, order.demands)
        if short:
            return InsufficientStock(tuple(short))
        outcome = await self._take(transaction, order)
        if isinstance(outcome, Reservation):
            await quotas.note(transaction, order.id, self._region, taken)
        else:
            await quotas.untake(transaction, self._region, taken)
        return outcome

    async def _take(self, transaction: Transaction, order: Order) -> Reservation | Refused:
        if len(order.demands) == 1:
            is_hot = order.demands[0].sku in self._hot.skus
            taken = await store.take_one(transaction, order, is_hot=is_hot)
            if taken is not None:
                return taken.held
        return await _take_all(transaction, order)


async def _recall(transaction: Transaction, kept: _Receipt) -> Reservation | Refused:
    if isinstance(kept.outcome, UUID):
        return (await store.find_reservations(transaction, [kept.outcome]))[kept.outcome]
    return kept.outcome


async def _take_all(
    transaction: Transaction, order: Order
) -> Reservation | InsufficientStock | UnknownProduct:
    """All lines from wherever they are: their levels are locked, and what lapsed holds have of them is put back."""
    found = await catalogue.find_variants(transaction, [demand.sku for demand in order.demands])
    variants = {sku: variant for sku, variant in found.items() if isinstance(sku, str)}
    unknown = next((demand.sku for demand in order.demands if demand.sku not in variants), None)
    if unknown is not None:
        return UnknownProduct(unknown)
    lines, total = price(order.demands, variants)
    parts = await bundles.find_parts(transaction, [line.variant_id for line in lines])
    wanted = needed(lines, parts)
    due = await ending.find_due(transaction, SWEEP, list(wanted))
    places = await stock.read_places(transaction, list(wanted))
    if due or allocate(wanted, places) is not None:  # else there is nothing to wait for
        await stock.lock_variants(transaction, list(wanted), due)
        await expire(transaction, due)
        places = await stock.read_places(transaction, list(wanted))
    allocations = allocate(wanted, places)
    if allocations is None:
        sellable: Counter[UUID] = Counter()
        for level in places:
            sellable[level.place.variant_id] += level.sellable
        return InsufficientStock(shortages(lines, parts, sellable))
    return await store.make(transaction, order, lines=lines, total=total, allocations=allocations)


def _held_event(held: Reservation) -> ReservationHeld:
    return ReservationHeld(
        reservation_id=held.id,
        owner_id=held.owner_id,
        lines=tuple(Demand(line.sku, line.quantity) for line in held.lines),
        total_amount=held.total.amount,
        currency=held.total.currency,
        expires_at=held.expires_at,
    )
