from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

if TYPE_CHECKING:
    from conftest import Console


pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]


async def test_the_plan_names_the_subgraph_of_every_fetch(console: Console) -> None:
    await expect(console.plan).to_contain_text("3 subgraphs")

    subgraphs = await console.plan.locator(".hansa-fetch-subgraph").all_inner_texts()
    assert subgraphs[0] == "identity"
    assert set(subgraphs) == {"identity", "inventory", "payments"}


async def test_the_plan_tells_order_and_the_places_of_entities(console: Console) -> None:
    await expect(console.plan).to_contain_text("Sequence")
    await expect(console.plan).to_contain_text("me.reservations.@")


async def test_a_fetch_opens_to_the_operation_that_is_sent(console: Console) -> None:
    fetch = console.plan.locator(".hansa-fetch").nth(1)
    await expect(fetch.get_by_text("_entities(")).to_be_hidden()
    await fetch.locator("summary").press("Enter")

    await expect(fetch.get_by_text("_entities(")).to_be_visible()


async def test_the_plan_is_also_text(console: Console) -> None:
    await console.button("Show as text").click()

    await expect(console.plan).to_contain_text('Fetch(service: "identity")')


async def test_another_tab_has_another_plan(console: Console) -> None:
    await console.open_tab("SearchProducts")

    await expect(console.plan).to_contain_text("1 fetch")


async def test_a_mutation_is_planned_and_not_run(console: Console) -> None:
    await console.sign_in()
    await console.write("{ me { reservations(first: 50) { id } } }")
    before = await console.run()
    await console.open_tab("ReserveStock")
    await expect(console.plan.locator(".hansa-fetch-subgraph").first).to_have_text("inventory")
    await console.open_tab("<untitled>")

    assert await console.run() == before


async def test_an_operation_that_cannot_be_planned_says_why(console: Console) -> None:
    await console.write("{ nowhere }")

    await expect(console.plan).to_contain_text("nowhere")
