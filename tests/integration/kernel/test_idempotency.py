"""A request under an idempotency key has its effect once and the same answer each time."""

import asyncio
from typing import Any

import pytest
from msgspec import Struct

from common.database import Database
from common.idempotency import IdempotencyMismatch, once


class Order(Struct, frozen=True):
    quantity: int


class Receipt(Struct, frozen=True):
    number: int


class Shop:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.calls = 0
        self.error: Exception | None = None

    async def order(self, quantity: int = 1, *, key: str = "key", scope: str = "order") -> Receipt:
        async with self.database.transaction() as transaction:

            async def run() -> Receipt:
                self.calls += 1
                await asyncio.sleep(0.05)
                if self.error is not None:
                    raise self.error
                return Receipt(self.calls)

            return await once(
                transaction, scope=scope, key=key, request=Order(quantity), run=run, result=Receipt
            )


@pytest.fixture
def shop(kernel_database: Database) -> Shop:
    return Shop(kernel_database)


async def test_a_repeated_request_gets_the_first_answer(shop: Shop) -> None:
    assert await shop.order() == await shop.order() == Receipt(1)
    assert shop.calls == 1


async def test_duplicates_at_the_same_time_wait_for_the_first(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.order() for _ in range(5)))
    assert answers == [Receipt(1)] * 5
    assert shop.calls == 1


async def test_another_request_under_the_key_is_refused(shop: Shop) -> None:
    await shop.order(1)
    with pytest.raises(IdempotencyMismatch) as caught:
        await shop.order(2)
    assert (caught.value.code, caught.value.status) == ("IDEMPOTENCY_KEY_REUSED", 422)
    assert shop.calls == 1


@pytest.mark.parametrize("other", [{"key": "other"}, {"scope": "other"}])
async def test_another_key_or_scope_is_another_request(shop: Shop, other: dict[str, Any]) -> None:
    await shop.order()
    assert await shop.order(**other) == Receipt(2)


async def test_a_failed_request_is_not_remembered(shop: Shop) -> None:
    shop.error = LookupError()
    with pytest.raises(LookupError):
        await shop.order()
    shop.error = None
    assert await shop.order() == Receipt(2)


async def test_nothing_is_an_answer_too(kernel_database: Database) -> None:
    calls = 0

    async def run() -> None:
        nonlocal calls
        calls += 1

    for _ in range(2):
        async with kernel_database.transaction() as transaction:
            await once(transaction, scope="void", key="k", request=Order(1), run=run, result=type(None))
    assert calls == 1
