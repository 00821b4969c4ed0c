"""Pieces on their way from one warehouse to another: in transit, then received or lost."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from common import idempotency
from common.database import Database, Transaction
from common.failpoints import failpoint
from common.ids import new_id
from common.inputs import InvalidInputError, check_idempotency_key
from subgraphs.inventory.domain.reservations import MAX_LINES, Demand, InsufficientStock, UnknownProduct
from subgraphs.inventory.domain.stock import Bucket, Movement, Place, Reason
from subgraphs.inventory.domain.warehousing import (
    Arrival,
    Transfer,
    UnknownWarehouse,
    check_batch,
    check_pieces,
    check_warehouse_id,
    draw,
)
from subgraphs.inventory.service.moving import Levels, move_lines
from subgraphs.inventory.store import stock
from subgraphs.inventory.store import transfers as store


class _SendRequest(Struct, frozen=True):
    source: str
    target: str
    lines: tuple[Demand, ...]


class _Sent(Struct, frozen=True):
    outcome: UUID | InsufficientStock | UnknownProduct | UnknownWarehouse


class _ArriveRequest(Struct, frozen=True):
    transfer_id: UUID
    arrivals: tuple[Arrival, ...]


class _Arrived(Struct, frozen=True):
    is_known: bool


class Transfers:
    """Transfers between warehouses; each call has its effect once for each key of a caller."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_transfers(self, ids: Sequence[UUID]) -> dict[UUID, Transfer]:
        async with self._database.autocommit() as transaction:
            return await store.find_transfers(transaction, ids)

    async def send(
        self, caller_id: str, source: str, target: str, lines: Sequence[Demand], idempotency_key: str
    ) -> Transfer | InsufficientStock | UnknownProduct | UnknownWarehouse:
        """Let available pieces leave `source` for `target`, all or none. Raises InvalidInputError, IdempotencyMismatch."""
        if source == target:
            raise InvalidInputError("target", "must be another warehouse")
        ends = check_warehouse_id("source", source), check_warehouse_id("target", target)
        request = _SendRequest(*ends, check_batch(lines))
        async with self._database.transaction() as transaction:
            sent = await idempotency.once(
                transaction,
                scope=f"sendTransfer:{caller_id}",
                key=check_idempotency_key(idempotency_key),
                request=request,
                run=lambda: _send(transaction, request),
                result=_Sent,
            )
            failpoint("stock.send.before_commit")
            if isinstance(sent.outcome, UUID):
                return (await store.find_transfers(transaction, [sent.outcome]))[sent.outcome]
            return sent.outcome

    async def receive(
        self, caller_id: str, transfer_id: UUID, arrivals: Sequence[Arrival], idempotency_key: str
    ) -> Transfer | None:
        """Take in what arrived and write off what was lost; None when there is no such transfer.

        Raises:
            InvalidInputError: more than was sent, or of something that was not.
            IdempotencyMismatch: the key was used for another request.
        """
        request = _ArriveRequest(transfer_id, check_arrivals(arrivals))
        async with self._database.transaction() as transaction:
            arrived = await idempotency.once(
                transaction,
                scope=f"receiveTransfer:{caller_id}",
                key=check_idempotency_key(idempotency_key),
                request=request,
                run=lambda: _receive(transaction, request),
                result=_Arrived,
            )
            failpoint("stock.receive.before_commit")
            found = await store.find_transfers(transaction, [transfer_id])
            return found.get(transfer_id) if arrived.is_known else None


def check_arrivals(arrivals: Sequence[Arrival]) -> tuple[Arrival, ...]:
    """The arrivals by SKU. Raises InvalidInputError."""
    if not 1 <= len(arrivals) <= MAX_LINES or len({each.sku for each in arrivals}) < len(arrivals):
        raise InvalidInputError("lines", f"must be between 1 and {MAX_LINES}, each of another SKU")
    for each in arrivals:
        check_pieces("received", each.received)
        check_pieces("lost", each.lost)
    return tuple(sorted(arrivals, key=lambda each: each.sku))


async def _send(transaction: Transaction, request: _SendRequest) -> _Sent:
    transfer_id = new_id()

    def movements_of(variant_id: UUID, quantity: int, levels: Levels) -> list[Movement] | None:
        way: dict[str, Any] = {"source": Bucket.AVAILABLE, "target": Bucket.IN_TRANSIT}
        to = Place.of(variant_id, request.target)
        return draw(levels, quantity, **way, reason=Reason.TRANSFERRED, reference=transfer_id, to=to)

    source = (request.source, Bucket.AVAILABLE)
    variants = await move_lines(transaction, request.lines, source, movements_of, target=request.target)
    if not isinstance(variants, Mapping):
        return _Sent(variants)
    quantities = {variants[line.sku].id: line.quantity for line in request.lines}
    await store.add_transfer(transaction, transfer_id, request.source, request.target, quantities)
    return _Sent(transfer_id)


async def _receive(transaction: Transaction, request: _ArriveRequest) -> _Arrived:
    found = (await store.find_transfers(transaction, [request.transfer_id])).get(request.transfer_id)
    if found is None:
        return _Arrived(is_known=False)
    await stock.lock_variants(transaction, [line.variant_id for line in found.lines])
    found = (await store.find_transfers(transaction, [request.transfer_id]))[request.transfer_id]
    arrived = _check_open(found, request.arrivals)
    await store.arrive(transaction, found.id, arrived)
    movements = [movement for id_, counts in arrived.items() for movement in _arrival(found, id_, *counts)]
    if movements:
        await stock.record(transaction, movements)
    return _Arrived(is_known=True)


def _check_open(found: Transfer, arrivals: Sequence[Arrival]) -> Mapping[UUID, tuple[int, int]]:
    """What arrived and what was lost of each variant. Raises InvalidInputError."""
    lines = {line.sku: line for line in found.lines}
    for each in arrivals:
        still = lines[each.sku].open if each.sku in lines else 0
        if each.received + each.lost > still:
            raise InvalidInputError(
                "lines", f"name more of {each.sku} than the {still} that are on their way"
            )
    return {lines[each.sku].variant_id: (each.received, each.lost) for each in arrivals if each.sku in lines}


def _arrival(found: Transfer, variant_id: UUID, received: int, lost: int) -> list[Movement]:
    place = Place.of(variant_id, found.target)
    ends = ((received, Bucket.AVAILABLE, Reason.TRANSFERRED), (lost, Bucket.OUTSIDE, Reason.LOST))
    return [
        Movement(
            place=place,
            source=Bucket.IN_TRANSIT,
            target=target,
            quantity=quantity,
            reason=reason,
            reference=found.id,
        )
        for quantity, target, reason in ends
        if quantity
    ]
