"""Guarantee 20 of inventory's README: regions sell from their own quotas, and none is made or lost, whatever the network does."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from common.database import Database
from common.events import Event, Message
from common.events.inbox import receive
from common.inputs import InvalidInputError
from subgraphs.inventory.domain.quotas import Quota
from subgraphs.inventory.domain.reservations import (
    Demand,
    InsufficientStock,
    Reservation,
    Shortage,
    UnknownProduct,
)
from subgraphs.inventory.events import QuotaReceived, QuotaSent, QuotaWanted
from subgraphs.inventory.service.services import Services
from subgraphs.inventory.worker import HANDLERS
from tests.integration.inventory.conftest import stocked

KINDS: Mapping[str, type[Event]] = {kind.subject: kind for kind in (QuotaWanted, QuotaSent, QuotaReceived)}
HOLD = timedelta(minutes=15)
Lapse = Callable[[UUID], Awaitable[None]]


@pytest.fixture
async def europe(database: Database) -> Services:
    """Sells for EU: 8 mugs, while another region may sell 6 of the 20."""
    services = Services.of(database, HOLD, "EU")
    await services.quotas.put_quota("MUG", "EU", 8)
    await services.quotas.put_quota("MUG", "US", 6)
    return services


async def used(services: Services) -> dict[str, tuple[int, int]]:
    """What each region has of mugs: granted and used."""
    return {each.region: (each.granted, each.used) for each in await services.quotas.find_quotas(["MUG"])}


async def test_a_region_sells_its_quota_and_no_more(europe: Services) -> None:
    reserve = europe.reservations.reserve_lines
    assert isinstance(await reserve("ada", [Demand("MUG", 7), Demand("TEA", 90)], "k"), Reservation)
    assert await reserve("bob", [Demand("MUG", 2)], "k") == InsufficientStock((Shortage("MUG", 2, 1),))
    assert isinstance(await reserve("bob", [Demand("MUG", 1)], "l"), Reservation)
    assert await used(europe) == {"EU": (8, 8), "US": (6, 0)}


async def test_what_ends_unsold_gives_its_quota_back_once(europe: Services, lapse: Lapse) -> None:
    released = await europe.reservations.reserve("ada", "MUG", 3, "1")
    lapsed = await europe.reservations.reserve("ada", "MUG", 2, "2")
    kept = await europe.reservations.reserve("ada", "MUG", 1, "3")
    assert isinstance(released, Reservation)
    assert isinstance(lapsed, Reservation)
    assert isinstance(kept, Reservation)
    await europe.reservations.release("ada", released.id)
    await lapse(lapsed.id)
    await europe.reservations.expire_due()
    for _ in range(2):
        await europe.quotas.look()
        assert await used(europe) == {"EU": (8, 1), "US": (6, 0)}


async def test_what_the_house_has_not_uses_no_quota(europe: Services, services: Services) -> None:
    assert isinstance(await services.reservations.reserve("bob", "MUG", 18, "k"), Reservation)
    outcome = await europe.reservations.reserve("ada", "MUG", 3, "k")
    assert outcome == InsufficientStock((Shortage("MUG", 3, 2),))
    assert await europe.reservations.reserve("ada", "NONE", 3, "l") == UnknownProduct("NONE")
    assert await used(europe) == {"EU": (8, 0), "US": (6, 0)}


async def test_a_quota_cannot_be_less_than_what_is_sold(europe: Services) -> None:
    await europe.reservations.reserve("ada", "MUG", 3, "k")
    with pytest.raises(InvalidInputError, match="sold already"):
        await europe.quotas.put_quota("MUG", "EU", 2)
    assert await europe.quotas.put_quota("MUG", "EU", 3) == Quota("MUG", "EU", 3, 3)
    assert await europe.quotas.put_quota("NONE", "EU", 3) == UnknownProduct("NONE")


class Network:
    """Carries the events of each region to both, late, again and again, or not at all while it is cut."""

    def __init__(self, databases: list[Database], chance: random.Random) -> None:
        self._databases = databases
        self._chance = chance
        self.is_cut = True

    async def carry(self) -> int:
        """Deliver what there is, some of it twice; how many effects it had."""
        if self.is_cut:
            return 0
        messages = [message for database in self._databases for message in await _published(database)]
        self._chance.shuffle(messages)
        deliveries = [(message, to) for message in messages for to in self._databases]
        return sum([await _deliver(message, to) for message, to in deliveries + deliveries[:2]])


async def _published(database: Database) -> list[Message]:
    async with database.transaction() as transaction:
        query = "SELECT message_id, subject, payload::text AS payload FROM outbox WHERE subject LIKE 'inventory.quota.%'"
        rows = await transaction.execute(query)
        return [
            Message(id=row.message_id, subject=row.subject, payload=row.payload.encode(), headers={})
            for row in rows
        ]


async def _deliver(message: Message, database: Database) -> bool:
    """As the consumer does: once for each database."""
    kind = KINDS[message.subject]
    async with database.transaction() as transaction:
        is_new = await receive(transaction, "inventory", message)
        if is_new:
            await HANDLERS[kind](transaction, msgspec.json.decode(message.payload, type=kind))
        return is_new


@pytest.fixture
async def regions(
    migrated_database: Callable[..., str],
) -> AsyncIterator[dict[str, tuple[Database, Services]]]:
    """Two regions with a database each, and quotas of 12 and 8 mugs."""
    found: dict[str, tuple[Database, Services]] = {}
    for region, granted in (("EU", 12), ("US", 8)):
        database = await stocked(migrated_database("inventory"))
        services = Services.of(database, HOLD, region)
        await services.quotas.put_quota("MUG", region, granted)
        found[region] = (database, services)
    yield found
    for database, _ in found.values():
        await database.close()


async def test_under_a_partition_quotas_and_what_is_sold_sum_to_the_same(
    regions: dict[str, tuple[Database, Services]],
) -> None:
    chance = random.Random(3)
    network = Network([database for database, _ in regions.values()], chance)
    sold = 0
    for step in range(40):
        network.is_cut = step % 10 < 5
        region = chance.choice(["EU", "US", "US"])
        _, services = regions[region]
        outcome = await services.reservations.reserve(f"buyer-{step}", "MUG", 1, "k")
        sold += isinstance(outcome, Reservation)
        for database, each in regions.values():
            async with database.transaction() as transaction:
                await transaction.execute("UPDATE quota SET wanted_at = NULL")  # the half minute is over
            await each.quotas.look()
        await network.carry()
        held, flying = await _sums(regions)
        assert sum(granted for granted, _ in held.values()) + flying == 20
        assert sum(used for _, used in held.values()) == sold
    network.is_cut = False
    while await network.carry():
        pass
    held, flying = await _sums(regions)
    assert flying == 0
    assert sum(granted for granted, _ in held.values()) == 20
    assert held["US"][0] > 8, "the other region has sent some of its quota"
    assert sold > 12


async def _sums(regions: dict[str, tuple[Database, Services]]) -> tuple[dict[str, Any], int]:
    """What each region has, and what has left one and is not in the other."""
    held = {region: (await used(services))[region] for region, (_, services) in regions.items()}
    sent = [message for database, _ in regions.values() for message in await _published(database)]
    events = [msgspec.json.decode(each.payload, type=KINDS[each.subject]) for each in sent]
    arrived = {each.transfer_id for each in events if isinstance(each, QuotaReceived)}
    flying = [each for each in events if isinstance(each, QuotaSent) and each.transfer_id not in arrived]
    return held, sum(each.quantity for each in flying)
