"""The console signs in to an account with a second factor, and shows admins the letters that the platform wrote."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any

import httpx
import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import expect

if TYPE_CHECKING:
    from conftest import Console

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]

PASSWORD = "long enough"
SIGN_UP = """mutation ($email: String!, $password: String!) {
  signUp(input: {email: $email, password: $password, name: "Ada"}) { ... on Session { accessToken } } }"""
ENROL = 'mutation { enrolTotp(name: "phone") { ... on TotpEnrolment { id secret } } }'
CONFIRM = """mutation ($id: ID!, $code: String!) { confirmTotp(id: $id, code: $code) {
  ... on RecoveryCodes { codes } } }"""


class Account:
    """An account with an authenticator app."""

    def __init__(self, email: str, secret: str, recovery_codes: list[str]) -> None:
        self.email = email
        self.recovery_codes = recovery_codes
        self._app = pyotp.TOTP(secret)

    @property
    def code(self) -> str:
        return self._app.now()


@pytest_asyncio.fixture(loop_scope="session")
async def account(platform: str) -> Account:
    email = f"{secrets.token_hex(6)}@hansa.example"
    async with httpx.AsyncClient(base_url=platform, timeout=30) as client:

        async def ask(query: str, **variables: str) -> Any:
            answer = await client.post("/graphql", json={"query": query, "variables": variables})
            return next(iter(answer.json()["data"].values()))

        token = (await ask(SIGN_UP, email=email, password=PASSWORD))["accessToken"]
        client.headers["authorization"] = f"Bearer {token}"
        app = await ask(ENROL)
        code_before = pyotp.TOTP(app["secret"]).at(int(time.time()) - 30)  # so that the next one still counts
        confirmed = await ask(CONFIRM, id=app["id"], code=code_before)
    return Account(email, app["secret"], confirmed["codes"])


async def test_the_second_factor_is_a_code_of_the_app_or_a_recovery_code(
    console: Console, account: Account
) -> None:
    code = console.page.get_by_label("Code of your app, or a recovery code")
    await console.sign_in(account.email, PASSWORD)
    await expect(code).to_be_focused()
    await code.fill("000000")
    await console.button("Sign in", within="form").click()
    await expect(console.page.locator("form").get_by_role("alert")).to_contain_text("code")

    await code.fill(account.code)
    await console.button("Sign in", within="form").click()
    await expect(console.page.locator("header")).to_contain_text("Ada")

    await console.button("Sign out").click()
    await console.sign_in(account.email, PASSWORD)
    await code.fill(account.recovery_codes[0])
    await console.button("Sign in", within="form").click()
    await expect(console.page.locator("header")).to_contain_text("Ada")
    await expect(console.button("Letters")).to_have_count(0)


async def test_admins_read_the_letters_that_are_not_sent(console: Console, account: Account) -> None:
    await console.sign_in()
    await expect(console.page.locator("header")).to_contain_text("Alheit")
    letter = console.page.get_by_role("article").filter(has_text=account.email)
    await _until_written(account.email, console)
    await console.button("Letters").click()
    await expect(letter).to_contain_text("Confirm your e-mail address")
    leads_to = await letter.get_by_role("link").get_attribute("href")
    assert str(leads_to).startswith(f"{console.url}/identity/verify-email?token=")


async def _until_written(email: str, console: Console) -> None:
    """Letters go a second after they were posted."""
    token = await console.page.evaluate("JSON.parse(sessionStorage.getItem('hansa:session')).accessToken")
    headers = {"authorization": f"Bearer {token}"}
    async with asyncio.timeout(20), httpx.AsyncClient(headers=headers) as client:
        while email not in (await client.get(f"{console.url}/identity/letters")).text:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.2)
