"""What every adapter of the provider port must do: guarantee 9 of payments' README."""

import asyncio

import pytest

from subgraphs.payments.domain.money import Money
from subgraphs.payments.provider.port import Declined, Succeeded
from tests.integration.payments.providers.conftest import Adapter

PRICE = Money(1_000, "EUR")


async def authorised(adapter: Adapter, key: str = "a") -> str:
    outcome = await adapter.provider.authorise(key, PRICE, adapter.good, "order 7")
    assert isinstance(outcome, Succeeded)
    return outcome.reference


async def test_what_was_authorised_is_captured_in_part_and_refunded_in_part(adapter: Adapter) -> None:
    reference = await authorised(adapter)
    captured = await adapter.provider.capture("c", reference, Money(700, "EUR"))
    refunded = await adapter.provider.refund("r", reference, Money(200, "EUR"))
    assert isinstance(captured, Succeeded)
    assert isinstance(refunded, Succeeded)
    books = await adapter.books()
    assert books["CAPTURED"] == (1, 700)
    assert books["REFUNDED"] == (1, 200)


async def test_what_was_authorised_is_let_go(adapter: Adapter) -> None:
    reference = await authorised(adapter)
    assert isinstance(await adapter.provider.void("v", reference), Succeeded)
    assert isinstance(await adapter.provider.capture("c", reference, PRICE), Declined)
    assert "CAPTURED" not in await adapter.books()


async def test_a_refusal_has_a_code_that_stays_the_same(adapter: Adapter) -> None:
    first = await adapter.provider.authorise("a", PRICE, adapter.bad, "order 7")
    second = await adapter.provider.authorise("a", PRICE, adapter.bad, "order 7")
    found = await adapter.provider.find("a")
    assert isinstance(first, Declined)
    assert isinstance(found, Declined)
    assert first.code
    assert [second, found.code] == [first, first.code]


async def test_a_key_has_one_effect_however_often_and_at_once_it_is_asked(adapter: Adapter) -> None:
    asked = [adapter.provider.authorise("a", PRICE, adapter.good, "order 7") for _ in range(10)]
    (authorisation,) = set(await asyncio.gather(*asked))
    assert isinstance(authorisation, Succeeded)
    reference = authorisation.reference
    assert len({await adapter.provider.capture("c", reference, PRICE) for _ in range(3)}) == 1
    gives = [adapter.provider.refund("r", reference, Money(400, "EUR")) for _ in range(10)]
    assert len(set(await asyncio.gather(*gives))) == 1
    books = await adapter.books()
    assert books["AUTHORISED"] == (1, 1_000)
    assert books["CAPTURED"] == (1, 1_000)
    assert books["REFUNDED"] == (1, 400)


async def test_voiding_again_is_voiding_once(adapter: Adapter) -> None:
    reference = await authorised(adapter)
    assert await adapter.provider.void("v", reference) == await adapter.provider.void("v", reference)
    assert (await adapter.books())["VOIDED"][0] == 1


async def test_every_operation_is_found_by_its_key(adapter: Adapter) -> None:
    made = {"a": await adapter.provider.authorise("a", PRICE, adapter.good, "order 7")}
    assert isinstance(made["a"], Succeeded)
    made["c"] = await adapter.provider.capture("c", made["a"].reference, PRICE)
    made["r1"] = await adapter.provider.refund("r1", made["a"].reference, Money(100, "EUR"))
    made["r2"] = await adapter.provider.refund("r2", made["a"].reference, Money(200, "EUR"))
    other = await authorised(adapter, "b")
    made["v"] = await adapter.provider.void("v", other)
    assert {key: await adapter.provider.find(key) for key in made} == made
    books = await adapter.books()
    await adapter.forget()
    assert {key: await adapter.provider.find(key) for key in made} == made
    assert await adapter.provider.capture("c", made["a"].reference, PRICE) == made["c"]
    assert await adapter.books() == books


@pytest.mark.parametrize("key", ["a", "", "metadata['x']:null", "ключ"])
async def test_what_was_never_asked_for_is_not_found(adapter: Adapter, key: str) -> None:
    assert await adapter.provider.find(key) is None


async def test_more_than_there_is_is_refused(adapter: Adapter) -> None:
    reference = await authorised(adapter)
    assert isinstance(await adapter.provider.capture("c1", reference, Money(1_001, "EUR")), Declined)
    assert isinstance(await adapter.provider.capture("c2", reference, Money(600, "EUR")), Succeeded)
    assert isinstance(await adapter.provider.capture("c3", reference, Money(1, "EUR")), Declined)
    assert isinstance(await adapter.provider.void("v", reference), Declined)
    asked = [adapter.provider.refund(f"r{number}", reference, Money(250, "EUR")) for number in range(8)]
    kinds = [type(outcome) for outcome in await asyncio.gather(*asked)]
    assert (kinds.count(Succeeded), kinds.count(Declined)) == (2, 6)


async def test_an_authorisation_that_does_not_exist_is_refused(adapter: Adapter) -> None:
    for outcome in (
        await adapter.provider.capture("c", "pi_none", PRICE),
        await adapter.provider.void("v", "pi_none"),
        await adapter.provider.refund("r", "pi_none", PRICE),
    ):
        assert isinstance(outcome, Declined)
