from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Route, expect

from common.demo import DEMO_PASSWORD, DEMO_USERS

if TYPE_CHECKING:
    from conftest import Console


pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]

STORE = "session => sessionStorage.setItem('hansa:session', session)"
STORED = "sessionStorage.getItem('hansa:session')"


async def test_the_demo_user_signs_in_and_reads_one_answer_of_three_services(console: Console) -> None:
    await console.button("Sign in", within="header").click()
    await console.button("Use the demo user").click()
    await console.button("Sign in", within="form").click()
    await expect(console.page.locator("header")).to_contain_text(DEMO_USERS[0].name)

    me = json.loads(await console.run())["data"]["me"]

    assert me["name"] == DEMO_USERS[0].name
    assert me["reservations"][0]["product"]["availability"] in {"IN_STOCK", "LOW", "OUT"}
    assert any(reservation["payment"] for reservation in me["reservations"])


async def test_without_signing_in_nobody_is_me(console: Console) -> None:
    assert json.loads(await console.run())["data"] == {"me": None}


async def test_a_wrong_password_is_refused_in_the_form(console: Console) -> None:
    await console.sign_in(password="not the password")

    await expect(console.page.locator("form").get_by_role("alert")).not_to_be_empty()
    await expect(console.page.get_by_label("Password")).to_be_visible()


async def test_signing_out_forgets_the_token(console: Console) -> None:
    await console.sign_in()
    await console.button("Sign out").click()

    await expect(console.button("Sign in", within="header")).to_be_visible()
    assert await console.page.evaluate(STORED) is None
    assert json.loads(await console.run())["data"] == {"me": None}


async def test_a_reloaded_page_is_still_signed_in(console: Console) -> None:
    await console.sign_in()
    await expect(console.button("Sign out")).to_be_visible()
    await console.page.reload()

    await expect(console.page.locator("header")).to_contain_text(DEMO_USERS[0].name)


async def test_a_page_that_opens_with_a_refused_token_is_signed_out_and_works(console: Console) -> None:
    refused = {"accessToken": "x", "expiresAt": "2099-01-01T00:00:00Z", "user": {"id": "1", "name": "Nobody"}}
    await console.page.evaluate(STORE, json.dumps(refused))
    await console.page.reload()

    await expect(console.notice).to_contain_text("no longer accepts your sign-in")
    await expect(console.tab("MyReservations")).to_be_visible()


async def test_an_expired_session_is_noticed_and_the_way_back_offered(console: Console) -> None:
    await console.sign_in()
    await expect(console.button("Sign out")).to_be_visible()
    stored = json.loads(await console.page.evaluate(STORED))
    expired = json.dumps(stored | {"expiresAt": "2020-01-01T00:00:00Z"})
    await console.page.evaluate(STORE, expired)
    await console.page.reload()

    await expect(console.notice).to_contain_text("Your sign-in has expired.")
    await console.button("Sign in again").click()
    await expect(console.page.get_by_label("E-mail")).to_be_focused()


async def test_a_token_that_the_router_refuses_ends_the_session(console: Console) -> None:
    await console.sign_in()
    await expect(console.button("Sign out")).to_be_visible()

    async def refuse(route: Route) -> None:
        error = {"message": "The token is not valid", "extensions": {"code": "UNAUTHENTICATED"}}
        await route.fulfill(status=401, json={"errors": [error]})

    await console.page.route("**/graphql", refuse)
    await console.run()

    await expect(console.notice).to_contain_text("no longer accepts your sign-in")
    await expect(console.page.get_by_role("status", name="Last response")).to_contain_text("HTTP 401")


async def test_the_form_opens_and_closes_by_keyboard(console: Console) -> None:
    await console.button("Sign in", within="header").press("Enter")
    await expect(console.page.get_by_label("E-mail")).to_be_focused()
    await console.page.keyboard.press("Escape")

    await expect(console.page.get_by_label("E-mail")).to_be_hidden()
    await expect(console.button("Sign in", within="header")).to_be_focused()


async def test_the_forms_demo_user_is_the_platforms() -> None:
    source = Path(__file__).parents[2] / "gateway/console/src/session/demoUser.ts"
    text = source.read_text()

    assert f"'{DEMO_USERS[0].email}'" in text
    assert f"'{DEMO_PASSWORD}'" in text
