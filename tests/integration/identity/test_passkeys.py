"""Passkeys: registered through the graph and used on the pages, by an authenticator in software (guarantees 36 and 37)."""

import asyncio
import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.identity.authenticator import Authenticator
from tests.integration.identity.browsing import Browser, Page
from tests.integration.identity.letters import Letters
from tests.integration.identity.test_codes import SIGN_IN
from tests.integration.identity.test_emails import ADA, ask

ORIGIN = "https://hansa.example"
START = "mutation { x: startPasskeyRegistration { __typename ... on PasskeyOptions { options } } }"
REGISTER = """mutation ($name: String!, $credential: JSON!) { x: registerPasskey(name: $name, credential: $credential) {
  __typename ... on PasskeyRegistered { passkey { id name isBackedUp } recoveryCodes } ... on InvalidInput { field } } }"""
RENAME = "mutation ($id: ID!, $name: String!) { x: renamePasskey(id: $id, name: $name) { __typename } }"
REMOVE = "mutation ($id: ID!) { x: removePasskey(id: $id) { __typename } }"
PASSKEYS = "{ x: me { secondFactors { passkeys { name lastUsedAt } recoveryCodesLeft } } }"


async def register(identity: Any, session: dict[str, Any], key: Authenticator, name: str = "key") -> Any:
    options = (await ask(identity, START, session))["options"]
    return await ask(identity, REGISTER, session, name=name, credential=key.create(options))


def options_of(page: Page) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]*)"', page.text)
    assert found is not None
    return dict(json.loads(html.unescape(found[1])))


@pytest.fixture
async def ada(identity: Any) -> dict[str, Any]:
    return dict(await identity.sign_up())


@pytest.fixture
async def key(identity: Any, ada: dict[str, Any]) -> Authenticator:
    """Ada's passkey."""
    key = Authenticator(ORIGIN)
    await register(identity, ada, key)
    return key


async def test_a_passkey_is_made_for_this_site_and_user_and_brings_recovery_codes(
    identity: Any, ada: dict[str, Any]
) -> None:
    options = (await ask(identity, START, ada))["options"]
    assert (options["rp"]["id"], options["user"]["name"]) == ("hansa.example", ADA)
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "preferred",
    }
    assert options["attestation"] == "none"
    credential = Authenticator(ORIGIN).create(options)
    made = await ask(identity, REGISTER, ada, name=" my  key ", credential=credential)
    assert (made["passkey"]["name"], made["passkey"]["isBackedUp"]) == ("my key", False)
    assert len(made["recoveryCodes"]) == 10
    again = await ask(identity, START, ada)
    assert [each["id"] for each in again["options"]["excludeCredentials"]] == [credential["id"]]
    assert (await register(identity, ada, Authenticator(ORIGIN), "other"))["recoveryCodes"] == []


async def test_a_passkey_signs_in_without_a_password(browser: Browser, key: Authenticator) -> None:
    page = await browser.get("/sign-in/passkey")
    signed_in = await browser.submit(page, credential=json.dumps(key.get(options_of(page))))
    assert (signed_in.title, "as Ada" in signed_in.text) == ("Signed in", True)


async def test_it_is_the_second_factor_where_only_the_password_is_asked_for(
    identity: Any, browser: Browser, key: Authenticator, ada: dict[str, Any]
) -> None:
    needed = await ask(identity, SIGN_IN)
    assert needed == {"__typename": "SecondFactorNeeded", "methods": ["passkey", "recovery_code"]}
    key.verifies = False
    asked = await browser.sign_in(ADA, "long enough")
    assert asked.title == "Your second factor"
    (allowed,) = options_of(asked)["allowCredentials"]
    answer = key.get(options_of(asked))
    assert allowed["id"] == answer["id"]
    credential = json.dumps(answer)
    signed_in = await browser.post("/sign-in/second-factor/passkey", _fields(asked, credential=credential))
    assert signed_in.title == "Signed in"
    (passkey,) = (await ask(identity, PASSKEYS, ada))["secondFactors"]["passkeys"]
    assert passkey["lastUsedAt"] is not None


async def test_without_a_pin_it_is_no_whole_sign_in(browser: Browser, key: Authenticator) -> None:
    key.verifies = False
    await _refused(browser, key.get)


async def test_an_answer_counts_once(browser: Browser, key: Authenticator) -> None:
    page = await browser.get("/sign-in/passkey")
    credential = json.dumps(key.get(options_of(page)))
    uses = (browser.post("/sign-in/passkey", _fields(page, credential=credential)) for _ in range(4))
    titles = sorted(each.title for each in await asyncio.gather(*uses))
    assert titles == ["Sign in by a passkey"] * 3 + ["Signed in"]


async def test_a_copied_authenticator_that_counts_behind_is_refused(
    browser: Browser, key: Authenticator
) -> None:
    key.counter = 10
    page = await browser.get("/sign-in/passkey")
    await browser.submit(page, credential=json.dumps(key.get(options_of(page))))
    key.counter = 5
    await _refused(browser, key.get)


async def test_one_that_does_not_count_signs_in_again_and_again(
    identity: Any, browser: Browser, ada: dict[str, Any]
) -> None:
    key = Authenticator(ORIGIN, counts=False)
    await register(identity, ada, key)
    for _ in range(2):
        page = await browser.get("/sign-in/passkey")
        signed_in = await browser.submit(page, credential=json.dumps(key.get(options_of(page))))
        assert signed_in.title == "Signed in"
        await browser.submit(signed_in)


async def test_the_answer_of_another_site_is_refused(browser: Browser, key: Authenticator) -> None:
    key.origin = "https://hansa.example.evil"
    await _refused(browser, key.get)


async def test_the_answer_to_another_question_is_refused(
    identity: Any, browser: Browser, key: Authenticator, ada: dict[str, Any]
) -> None:
    made_up = {"challenge": "AAAAAAAAAAAAAAAAAAAAAA"}
    await _refused(browser, lambda options: key.get({**options, **made_up}))
    for_registration = (await ask(identity, START, ada))["options"]["challenge"]
    await _refused(browser, lambda options: key.get({**options, "challenge": for_registration}))


async def test_nobody_elses_passkey_is_a_second_factor(
    identity: Any, browser: Browser, key: Authenticator
) -> None:
    bob, bobs = await identity.sign_up("bob@hansa.example", name="Bob"), Authenticator(ORIGIN)
    await register(identity, bob, bobs)
    asked = await browser.sign_in(ADA, "long enough")
    credential = json.dumps(bobs.get(options_of(asked)))
    refused = await browser.post("/sign-in/second-factor/passkey", _fields(asked, credential=credential))
    assert (refused.status, refused.alert) == (400, "The passkey was not accepted")
    assert key.counter == 1


async def test_a_challenge_for_one_user_registers_nothing_for_another(
    identity: Any, ada: dict[str, Any]
) -> None:
    options = (await ask(identity, START, ada))["options"]
    bob = await identity.sign_up("bob@hansa.example", name="Bob")
    credential = Authenticator(ORIGIN).create(options)
    refused = await ask(identity, REGISTER, bob, name="key", credential=credential)
    assert refused["__typename"] == "InvalidPasskey"


@pytest.mark.parametrize(
    "credential",
    [1, "x", [], {}, {"id": "x"}, {"id": "x", "rawId": "x", "type": "public-key", "response": {}}],
)
async def test_what_is_no_credential_is_refused(identity: Any, ada: dict[str, Any], credential: Any) -> None:
    refused = await ask(identity, REGISTER, ada, name="key", credential=credential)
    assert refused["__typename"] == "InvalidPasskey"


async def test_damaged_credentials_are_refused(identity: Any, ada: dict[str, Any]) -> None:
    for member in ("clientDataJSON", "attestationObject"):
        for damage in ("", "!", "AAAA", "e30", "x" * 20_000):
            credential = Authenticator(ORIGIN).create((await ask(identity, START, ada))["options"])
            credential["response"][member] = damage
            refused = await ask(identity, REGISTER, ada, name="key", credential=credential)
            assert refused["__typename"] == "InvalidPasskey"


async def test_passkeys_are_renamed_and_removed_by_their_owner(
    identity: Any, ada: dict[str, Any], letters: Letters
) -> None:
    id_ = (await register(identity, ada, Authenticator(ORIGIN)))["passkey"]["id"]
    bob = await identity.sign_up("bob@hansa.example", name="Bob")
    assert (await ask(identity, RENAME, bob, id=id_, name="mine"))["__typename"] == "FactorNotFound"
    assert (await ask(identity, REMOVE, bob, id=id_))["__typename"] == "FactorNotFound"
    assert (await ask(identity, RENAME, ada, id=id_, name="a\x00b"))["__typename"] == "InvalidInput"
    assert (await ask(identity, RENAME, ada, id=id_, name="blue key"))["__typename"] == "User"
    (passkey,) = (await ask(identity, PASSKEYS, ada))["secondFactors"]["passkeys"]
    assert passkey["name"] == "blue key"
    assert (await ask(identity, REMOVE, ada, id=id_))["__typename"] == "User"
    left = (await ask(identity, PASSKEYS, ada))["secondFactors"]
    assert left == {"passkeys": [], "recoveryCodesLeft": 0}
    await letters.arrived(ADA, "passkey was taken off")


async def _refused(browser: Browser, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    page = await browser.get("/sign-in/passkey")
    refused = await browser.submit(page, credential=json.dumps(answer(options_of(page))))
    assert (refused.status, refused.alert) == (400, "The passkey was not accepted")


def _fields(page: Page, **fields: str) -> dict[str, str]:
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found is not None
    return {"form_token": found[1], **fields}
