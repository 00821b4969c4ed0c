"""Passkeys in a real Chromium with a virtual authenticator: what the pages' one script does, and that their policy lets it."""

import base64
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.fuzz.services.fuzzing import Running, free_port, running

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
]

EMAIL, PASSWORD = "ada@hansa.example", "long enough"
SIGN_UP = """mutation { signUp(input: {email: "ada@hansa.example", password: "long enough", name: "Ada"}) {
  __typename } }"""
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def identity(
    servers: Mapping[str, str], create_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The issuer of an identity at `localhost`, which browsers trust with passkeys without TLS, and a user Ada."""
    port, folder = free_port(), tmp_path_factory.mktemp("identity")
    issuer = f"http://localhost:{port}"
    environment = {
        **servers,
        "DATABASE_URL": create_database(),
        "HANSA_ISSUER": issuer,
        "HANSA_JWKS_URL": f"{issuer}/.well-known/jwks.json",
        "HANSA_REVOCATIONS_URL": f"{issuer}/revocations",
        "HANSA_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
    }
    with running("identity", environment, Path(folder) / "log", port=port) as url:
        Running(url).post(json.dumps({"query": SIGN_UP}).encode())
        yield issuer


@pytest_asyncio.fixture(loop_scope="session")
async def problems(page: Page) -> AsyncIterator[list[str]]:
    """What the page complains of; the virtual authenticator is plugged in."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield found


async def test_a_passkey_is_made_and_signs_in_alone_and_as_second_factor(
    page: Page, identity: str, problems: list[str]
) -> None:
    await _sign_in_by_password(page, identity)
    await page.get_by_role("link", name="Second factors").click()
    await page.get_by_label("Name of a passkey").fill("this browser")
    await page.get_by_role("button", name="Add the passkey").click()
    await page.get_by_role("button", name="Make the passkey").click()
    await expect(page.get_by_role("heading")).to_have_text("Recovery codes")
    await expect(page.get_by_role("listitem")).to_have_count(10)

    await _sign_out(page, identity)
    await page.get_by_role("link", name="Sign in by a passkey").click()
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("heading")).to_have_text("Signed in")

    await _sign_out(page, identity)
    await _sign_in_by_password(page, identity)
    await expect(page.get_by_role("heading")).to_have_text("Your second factor")
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("heading")).to_have_text("Signed in")
    assert problems == []


async def _sign_in_by_password(page: Page, identity: str) -> None:
    await page.goto(f"{identity}/sign-in")
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def _sign_out(page: Page, identity: str) -> None:
    await page.goto(f"{identity}/sign-out")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading")).to_have_text("Sign in")
