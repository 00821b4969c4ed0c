"""Guarantee 42 of identity's README: the codes of devices."""

import asyncio
from typing import Any

import pytest

from common.database import Database
from tests.integration.identity.browsing import Browser, Page
from tests.integration.identity.relying import RelyingParty, claims

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def device(relying_party: RelyingParty, browser: Browser) -> RelyingParty:
    assert relying_party.browser is browser
    return RelyingParty(browser, "public-client", None)


async def begin(device: RelyingParty) -> dict[str, Any]:
    answer = await device.post("/oauth/device_authorization", scope="openid offline_access")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return dict(answer.json())


async def poll(device: RelyingParty, code: str) -> dict[str, Any]:
    return dict((await device.post("/oauth/token", grant_type=DEVICE_CODE, device_code=code)).json())


async def wait(database: Database, statement: str = "polled_at = now() - interval '1 hour'") -> None:
    async with database.transaction() as transaction:
        await transaction.execute(f"UPDATE device_authorization SET {statement}")


async def decide(browser: Browser, url: str, button: str) -> Page:
    page = await browser.submit(await browser.get(url))
    assert page.title == "Allow Relying Party?"
    return await browser.submit(page, button=button)


async def test_a_device_gets_tokens_once_somebody_has_allowed_it(
    identity: Any, device: RelyingParty, database: Database
) -> None:
    user = (await identity.sign_up())["user"]
    begun = await begin(device)
    assert begun["verification_uri"] == f"{device.browser.site}/device"
    await wait(database)
    assert (await poll(device, begun["device_code"]))["error"] == "authorization_pending"
    page = await device.browser.get(begun["verification_uri_complete"])
    page = await device.browser.sign_in("ada@hansa.example", "long enough", page)
    assert page.title == "Connect a device"
    page = await device.browser.submit(await device.browser.submit(page), button="allow")
    assert page.title == "Allowed"
    await wait(database)
    tokens = await poll(device, begun["device_code"])
    assert claims(tokens["id_token"])["sub"] == user["id"]
    assert (await device.refresh(tokens["refresh_token"])).status_code == 200
    assert (await poll(device, begun["device_code"]))["error"] == "invalid_grant"


@pytest.mark.usefixtures("ada")
async def test_a_device_that_was_denied_is_told_so(device: RelyingParty, database: Database) -> None:
    begun = await begin(device)
    page = await decide(device.browser, begun["verification_uri_complete"], "deny")
    assert page.title == "Denied"
    await wait(database)
    assert (await poll(device, begun["device_code"]))["error"] == "access_denied"


@pytest.mark.usefixtures("ada")
async def test_of_many_polls_at_once_one_gets_tokens(device: RelyingParty, database: Database) -> None:
    begun = await begin(device)
    await decide(device.browser, begun["verification_uri_complete"], "allow")
    await wait(database)
    outcomes = await asyncio.gather(*(poll(device, begun["device_code"]) for _ in range(5)))
    assert sum("access_token" in outcome for outcome in outcomes) == 1


async def test_a_device_that_asks_too_often_is_slowed_down(device: RelyingParty, database: Database) -> None:
    begun = await begin(device)
    assert begun["interval"] == 5
    assert (await poll(device, begun["device_code"]))["error"] == "slow_down"
    await wait(database, "polled_at = now() - interval '6 s'")
    assert (await poll(device, begun["device_code"]))["error"] == "slow_down"


async def test_a_device_code_is_too_old_after_ten_minutes(device: RelyingParty, database: Database) -> None:
    begun = await begin(device)
    assert begun["expires_in"] == 600
    await wait(database, "expires_at = now()")
    assert (await poll(device, begun["device_code"]))["error"] == "expired_token"


@pytest.mark.usefixtures("ada")
async def test_codes_are_read_as_people_type_them_and_may_be_tried_ten_times(device: RelyingParty) -> None:
    begun = await begin(device)
    page = await device.browser.get("/device")
    found = await device.browser.submit(page, user_code=f" {begun['user_code'].lower().replace('-', ' ')}")
    assert found.title == "Allow Relying Party?"
    for _ in range(9):
        assert (await device.browser.submit(page, user_code="BCDF-BCDF")).status == 400
    assert (await device.browser.submit(page, user_code=begun["user_code"])).status == 429


@pytest.mark.usefixtures("ada")
async def test_a_decision_from_another_sites_form_is_refused(device: RelyingParty) -> None:
    begun = await begin(device)
    fields = {"user_code": begun["user_code"], "decision": "allow"}
    assert (await device.browser.post("/device", fields)).status == 403


async def test_an_address_has_ten_device_codes_at_a_time(device: RelyingParty) -> None:
    for _ in range(10):
        await begin(device)
    assert (await device.post("/oauth/device_authorization", scope="openid")).status_code == 429


async def test_a_device_code_is_another_clients_to_nobody(
    device: RelyingParty, relying_party: RelyingParty
) -> None:
    begun = await begin(device)
    assert (await poll(relying_party, begun["device_code"]))["error"] == "invalid_grant"
