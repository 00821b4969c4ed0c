"""Inventory's rules: what makes sense, and cursors that come back as they went."""

import contextlib
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.inputs import InvalidInputError
from subgraphs.inventory.catalogue import BUNDLES, CATALOGUE
from subgraphs.inventory.domain import catalogue as domain
from subgraphs.inventory.domain.catalogue import MAX_PRICE, Product
from subgraphs.inventory.domain.reservations import MAX_QUANTITY, check_quantity
from subgraphs.inventory.domain.stock import StockLevel


def product(name: str, id_: UUID) -> Product:
    return Product(id=id_, name=name, description="", category="", variants=())


@given(st.integers(1, MAX_QUANTITY), st.integers(1, MAX_PRICE))
def test_every_total_fits_into_a_graphql_int(quantity: int, price: int) -> None:
    assert check_quantity(quantity) * price < 2**31


@given(st.integers().filter(lambda number: not 1 <= number <= MAX_QUANTITY))
def test_a_quantity_out_of_bounds_is_refused_by_name(quantity: int) -> None:
    with pytest.raises(InvalidInputError) as refused:
        check_quantity(quantity)
    assert (refused.value.field, refused.value.code) == ("quantity", "INVALID_INPUT")


def test_what_is_promised_or_kept_back_cannot_be_sold() -> None:
    level = StockLevel(available=5, held=3, committed=2, safety=1)
    assert (level.on_hand, level.sellable) == (10, 4)


# Characters that PostgreSQL can store; it holds no NUL and no lone surrogates.
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(NAMES, st.uuids())
def test_a_cursor_leads_back_to_its_product(name: str, id_: UUID) -> None:
    position = domain.decode_cursor(domain.encode_cursor(product(name, id_)))
    assert (position.name, position.id) == (name, id_)


@given(st.text())
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInputError):
        assert "\0" not in domain.decode_cursor(text).name


@pytest.mark.parametrize("value", [[], ["a"], ["a", "b"], {"name": "a"}, 7, ["\0", str(UUID(int=0))]])
def test_a_forged_cursor_is_refused(value: Any) -> None:
    forged = msgspec.json.encode(value).hex()
    with pytest.raises(InvalidInputError):
        domain.decode_cursor(forged)


@given(st.text())
def test_any_text_is_printable_and_short_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInputError):
        kept = domain.check_text("sku", text, 10)
        assert kept == text.strip()
        assert 0 < len(kept) <= 10
        assert "\0" not in kept


def test_the_demo_catalogue_is_one_that_could_be_sold() -> None:
    assert len({article.sku for article in CATALOGUE}) == len(CATALOGUE)
    assert len({(article.name, article.title) for article in CATALOGUE}) == len(CATALOGUE)
    assert len({article.category for article in CATALOGUE}) >= 5
    for article in CATALOGUE:
        domain.check_text("sku", article.sku, domain.MAX_SKU)
        assert 1 <= article.price.amount <= MAX_PRICE
        assert (article.pieces > 0) == (article.sku not in BUNDLES)
