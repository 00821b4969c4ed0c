from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Page, Route, expect

if TYPE_CHECKING:
    from conftest import Console


pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]

EXAMPLES = ["MyReservations", "SearchProducts", "ReserveStock", "MyPayments", "TopUpWallet"]


async def test_the_page_asks_no_other_host_and_reports_no_error(console: Console) -> None:
    await console.open_tab("SearchProducts")
    await console.run()

    assert console.foreign_requests == []
    assert console.console_errors == []


async def test_worked_examples_are_open_in_tabs(console: Console) -> None:
    tabs = console.page.get_by_role("tab")

    assert [await tab.inner_text() for tab in await tabs.all()] == EXAMPLES


async def test_every_example_is_answered_in_full(console: Console) -> None:
    await console.sign_in()
    await expect(console.button("Sign out")).to_be_visible()

    answers = {}
    for name in EXAMPLES:
        await console.open_tab(name)
        answers[name] = json.loads(await console.run())

    assert {name: answer for name, answer in answers.items() if "errors" in answer} == {}
    assert answers["SearchProducts"]["data"]["products"]["edges"] != []
    assert answers["ReserveStock"]["data"]["reserveStock"]["__typename"] == "Reservation"
    assert answers["TopUpWallet"]["data"]["topUpWallet"]["__typename"] == "Wallet"


async def test_the_response_is_shown_with_its_status_duration_and_trace_id(console: Console) -> None:
    await console.write("{ __typename }")
    trace_id = (await console.execute()).headers["hansa-trace-id"]

    facts = console.page.get_by_role("status", name="Last response")
    await expect(facts).to_contain_text("HTTP 200")
    await expect(facts).to_contain_text(re.compile(r"\d m?s"))
    await expect(facts).to_contain_text(trace_id)


async def test_an_unknown_field_is_answered_with_the_error(console: Console) -> None:
    await console.write("{ nowhere }")

    assert "nowhere" in await console.run()


async def test_a_router_that_is_gone_is_said_in_words(console: Console) -> None:
    async def refuse(route: Route) -> None:
        await route.abort("connectionrefused")

    await console.page.route("**/graphql", refuse)
    await console.button("Execute query (Ctrl-Enter)").click()

    assert "No answer from the router at /graphql. Is it running?" in await console.response()


async def test_an_answer_that_is_not_graphql_is_said_in_words(console: Console) -> None:
    async def answer_html(route: Route) -> None:
        await route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>")

    await console.page.route("**/graphql", answer_html)

    assert "/graphql answered 502" in await console.run()


async def test_a_page_opened_without_a_router_offers_to_try_again(page: Page, platform: str) -> None:
    async def refuse(route: Route) -> None:
        await route.abort("connectionrefused")

    await page.route("**/graphql", refuse)
    await page.goto(platform)
    await expect(page.get_by_role("heading", name="The graph cannot be reached")).to_be_visible()
    await page.unroute("**/graphql")
    await page.get_by_role("button", name="Try again").click()

    await expect(page.get_by_role("tab", name="MyReservations")).to_be_visible()


async def test_the_documentation_shows_the_schema(console: Console) -> None:
    await console.button("Show Documentation Explorer").click()
    await console.page.get_by_role("link", name="Query", exact=True).click()

    await expect(console.page.get_by_text("products", exact=True)).to_be_visible()


async def test_a_header_of_the_headers_editor_is_sent(console: Console) -> None:
    await console.button("Headers").click()
    await console.write('{ "x-shelf": "seven" }', editor="request-headers.json")
    async with console.page.expect_request(
        lambda request: (
            request.headers.get("x-shelf") == "seven" and "apollo-expose-query-plan" not in request.headers
        )
    ):
        await console.button("Execute query (Ctrl-Enter)").click()


async def test_the_history_keeps_what_was_run(console: Console) -> None:
    await console.open_tab("SearchProducts")
    await console.run()
    await console.button("Show History").click()

    history = console.page.get_by_role("region", name="History")
    await expect(history.get_by_text("SearchProducts")).to_be_visible()


async def test_the_page_follows_the_systems_colours(console: Console) -> None:
    async def background() -> str:
        colour = await console.page.evaluate(
            "getComputedStyle(document.querySelector('.hansa')).backgroundColor"
        )
        assert isinstance(colour, str)
        return colour

    await console.page.emulate_media(color_scheme="light")
    light = await background()
    await console.page.emulate_media(color_scheme="dark")

    assert await background() != light == "rgb(255, 255, 255)"


async def test_a_narrow_window_needs_no_scrolling_sideways(console: Console) -> None:
    await console.page.set_viewport_size({"width": 400, "height": 780})
    await console.button("Hide Query Plan").click()

    await expect(console.button("Execute query (Ctrl-Enter)")).to_be_in_viewport()
    root = "document.documentElement"
    assert await console.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
