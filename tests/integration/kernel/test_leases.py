"""A lease has one holder at a time, and who lost it cannot commit under it."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.database import Database
from common.leases import Lease, LeaseLostError, Leases, fence

TTL = timedelta(minutes=5)
EXPIRE = "UPDATE lease SET expires_at = '-infinity'"


async def holds(database: Database, lease: Lease) -> bool:
    """Whether work under `lease` can commit."""
    try:
        async with database.transaction() as transaction:
            await fence(transaction, lease)
    except LeaseLostError:
        return False
    return True


async def expire(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(EXPIRE)


steps = st.lists(
    st.tuples(st.sampled_from(["acquire", "renew", "release", "expire"]), st.integers(0, 2)),
    max_size=12,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example begins with no lease
)
@given(steps)
async def test_whatever_happens_one_holder_at_most_can_work_and_tokens_grow(
    kernel_database: Database, steps: list[tuple[str, int]]
) -> None:
    async with kernel_database.transaction() as transaction:
        await transaction.execute("TRUNCATE lease")
    leases = Leases(kernel_database)
    held: dict[int, Lease] = {}
    tokens = [0]
    for step, holder in steps:
        if step == "expire":
            await expire(kernel_database)
        elif step == "acquire":
            lease = await leases.acquire("name", str(holder), TTL)
            if lease is not None:
                held[holder] = lease
                tokens.append(lease.token)
        elif holder in held:
            if step == "release":
                await leases.release(held.pop(holder))
            else:
                try:
                    await leases.renew(held[holder])
                except LeaseLostError:
                    del held[holder]
        assert sum([await holds(kernel_database, lease) for lease in held.values()]) <= 1
    assert tokens == sorted(set(tokens))


async def test_of_many_who_ask_at_once_one_gets_it(kernel_database: Database) -> None:
    leases = Leases(kernel_database)
    answers = await asyncio.gather(*(leases.acquire("name", str(n), TTL) for n in range(8)))
    assert len([answer for answer in answers if answer]) == 1


async def test_a_released_lease_can_be_taken_at_once(kernel_database: Database) -> None:
    leases = Leases(kernel_database)
    first = await leases.acquire("name", "a", TTL)
    assert first
    assert await leases.acquire("name", "b", TTL) is None
    await leases.release(first)
    assert await leases.acquire("name", "b", TTL)


async def test_a_lease_that_ran_out_is_lost_even_if_nobody_took_it(kernel_database: Database) -> None:
    leases = Leases(kernel_database)
    lease = await leases.acquire("name", "a", timedelta(milliseconds=1))
    assert lease
    await asyncio.sleep(0.05)
    with pytest.raises(LeaseLostError):
        await leases.renew(lease)
    assert not await holds(kernel_database, lease)


async def test_nobody_takes_the_lease_of_a_transaction_that_is_about_to_commit(
    kernel_database: Database,
) -> None:
    leases = Leases(kernel_database)
    lease = await leases.acquire("name", "a", timedelta(milliseconds=300))
    assert lease
    async with kernel_database.transaction() as transaction:
        await fence(transaction, lease)
        rival = asyncio.create_task(leases.acquire("name", "b", TTL))
        await asyncio.sleep(0.5)
        assert not rival.done()
    successor = await rival
    assert successor is None or successor.token > lease.token
