"""The catalogue: search, pages, and demo data that can be loaded at any time."""

import asyncio
from collections.abc import Callable

import pytest

from common.database import Database
from common.database.testing import count_statements
from common.inputs import InvalidInputError
from subgraphs.inventory.catalogue import CATALOGUE, IN_VISBY
from subgraphs.inventory.demo import load_demo
from subgraphs.inventory.domain import catalogue as domain
from subgraphs.inventory.service.services import Services


def names(page: domain.ProductPage) -> list[str]:
    return [product.name for product in page.products]


async def test_pages_follow_one_another_to_the_end(services: Services) -> None:
    first = await services.catalogue.list_products(2, None, None)
    assert (names(first), first.has_next) == (["Breakfast Tea", "Enamel Mug"], True)
    last = await services.catalogue.list_products(2, domain.encode_cursor(first.products[-1]), None)
    assert (names(last), last.has_next) == (["Hemp Rope"], False)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("mug", ["Enamel Mug"]),
        ("mugs", ["Enamel Mug"]),
        ("harbour", ["Hemp Rope"]),
        ("pantry", ["Breakfast Tea"]),
        ("tea or rope", ["Breakfast Tea", "Hemp Rope"]),
        ("-tea", ["Enamel Mug", "Hemp Rope"]),
        ("submarine", []),
        ("' | & ! ( :* \\", []),
    ],
)
async def test_search_reads_like_a_web_search(services: Services, search: str, found: list[str]) -> None:
    assert names(await services.catalogue.list_products(20, None, search)) == found


async def test_a_page_is_one_statement(services: Services) -> None:
    with count_statements() as statements:
        await services.catalogue.list_products(20, None, "mug")
    assert len(statements) == 1


@pytest.mark.parametrize(
    ("first", "after", "search", "field"),
    [
        (0, None, None, "first"),
        (101, None, None, "first"),
        (-1, None, None, "first"),
        (5, "zz", None, "after"),
        (5, "é", None, "after"),
        (5, b'["\\u0000","01a206b0-d3c5-7a7f-95fd-a425a815d9b1"]'.hex(), None, "after"),
        (5, None, " ", "search"),
        (5, None, "x" * 201, "search"),
        (5, None, "a\0b", "search"),
    ],
)
async def test_what_cannot_be_a_page_is_refused_by_name(
    services: Services, first: int, after: str | None, search: str | None, field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await services.catalogue.list_products(first, after, search)
    assert refused.value.field == field


def demo_environment(url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "NATS_URL": "nats://unused.invalid",
        "HANSA_ISSUER": "https://identity.invalid",
        "HANSA_JWKS_URL": "https://identity.invalid/jwks",
    }


async def test_demo_data_is_loaded_once_by_however_many(
    migrated_database: Callable[..., str],
) -> None:
    url = migrated_database("inventory")
    await asyncio.gather(*(load_demo(demo_environment(url)) for _ in range(3)))
    await load_demo(demo_environment(url))
    database = Database.open(url, schema="inventory")
    try:
        async with database.transaction() as transaction:
            products = (await transaction.execute("SELECT count(*) FROM product")).scalar_one()
            pieces = (
                await transaction.execute("SELECT sum(available + held + committed) FROM level")
            ).scalar_one()
            orders = (
                await transaction.execute("SELECT count(*), count(DISTINCT owner_id) FROM reservation")
            ).one()
    finally:
        await database.close()
    assert (products, len(CATALOGUE)) == (41, 43)
    assert pieces == sum(article.pieces for article in CATALOGUE) + sum(each.quantity for each in IN_VISBY)
    assert tuple(orders) == (6, 3)
