import asyncio
import time
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from common.errors import OverloadedError
from subgraphs.identity.passwords import Passwords


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords(threads=1)
    yield passwords
    passwords.close()


async def test_a_password_has_its_own_hash_and_no_other(passwords: Passwords) -> None:
    encoded = await passwords.hash("correct")
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify("correct", encoded)
    assert not await passwords.verify("wrong", encoded)


async def test_nobody_has_no_password(passwords: Passwords) -> None:
    assert not await passwords.verify("anything", None)


async def test_an_unknown_account_costs_as_much_as_a_wrong_password(passwords: Passwords) -> None:
    encoded = await passwords.hash("correct")

    async def cheapest(password_hash: str | None) -> float:
        times = []
        for _ in range(5):
            started = time.process_time()
            await passwords.verify("wrong", password_hash)
            times.append(time.process_time() - started)
        return min(times)

    known, unknown = await cheapest(encoded), await cheapest(None)
    assert 1 / 3 < known / unknown < 3


async def test_what_does_not_fit_is_refused_at_once(passwords: Passwords) -> None:
    waiting = [asyncio.create_task(passwords.hash("x")) for _ in range(33)]
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await passwords.hash("x")
    for task in waiting:
        task.cancel()


async def test_a_hash_with_other_parameters_is_outdated(passwords: Passwords) -> None:
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))
    assert not passwords.is_outdated(await passwords.hash("x"))
