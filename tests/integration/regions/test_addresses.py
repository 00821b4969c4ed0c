"""An address has one account over all regions, and every region finds its home, whichever of them decides about it."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from common.auth.signatures import MessageSigner
from common.http import Request
from subgraphs.identity.domain.directory import DirectoryKey
from subgraphs.identity.domain.emails import Purpose
from subgraphs.identity.errors import EmailTakenError
from subgraphs.identity.opaque import digest
from subgraphs.identity.store import emails
from tests.integration.identity.browsing import Browser
from tests.integration.regions.conftest import DIRECTORY_SECRET, ISSUER, Region, address, eventually

PASSWORD = "correct horse battery"
SIGN_UP = """mutation ($input: SignUpInput!) { signUp(input: $input) { __typename
  ... on Session { accessToken user { id } } } }"""
SIGN_IN = """mutation ($input: SignInInput!) { signIn(input: $input) { __typename
  ... on Session { accessToken user { id name email } } } }"""
CONFIRM = "mutation ($sent: String!) { confirmEmailChange(token: $sent) { __typename } }"
CLAIMS = "SELECT email, state FROM address_claim ORDER BY email"


async def sign_up(region: Region, email: str) -> str:
    """What came of it: the type of the answer, or the code of the error."""
    answer = await region.ask(SIGN_UP, input={"email": email, "name": "Ada", "password": PASSWORD})
    return outcome(answer, "signUp")


async def sign_in(region: Region, email: str, password: str = PASSWORD) -> str:
    return outcome(await region.ask(SIGN_IN, input={"email": email, "password": password}), "signIn")


def outcome(answer: Mapping[str, Any], field: str) -> str:
    errors = answer.get("errors")
    return str(errors[0]["extensions"]["code"] if errors else answer["data"][field]["__typename"])


async def change_address(region: Region, before: str, after: str) -> str:
    """What comes of a change whose letter was answered."""
    ((user_id,),) = await region.rows(f"SELECT id FROM \"user\" WHERE email = '{before}'")
    async with region.database.transaction() as transaction:
        await emails.put_token(transaction, Purpose.CHANGE_EMAIL, after, digest(after), user_id)
    return outcome(await region.ask(CONFIRM, sent=after), "confirmEmailChange")


async def test_of_many_sign_ups_with_one_address_in_both_regions_one_succeeds(
    regions: Mapping[str, Region],
) -> None:
    for email in (address("eu"), address("us")):
        outcomes = await asyncio.gather(*(sign_up(regions[name], email) for name in ("eu", "us") * 2))
        assert sorted(outcomes) == ["EmailTaken"] * 3 + ["Session"]
        assert {await sign_up(region, email.upper()) for region in regions.values()} == {"EmailTaken"}


async def test_people_sign_in_at_any_region_and_get_a_token_of_their_home(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    email = address("eu")
    assert await sign_up(eu, email) == "Session"
    answer = await us.ask(SIGN_IN, input={"email": email, "password": PASSWORD})
    session = answer["data"]["signIn"]
    assert session["user"]["email"] == email
    await eventually(lambda: us.accepts(session["accessToken"]))
    assert await sign_in(us, email, "a wrong password") == "InvalidCredentials"
    assert await sign_in(us, address("eu", "nobody")) == "InvalidCredentials"
    browser = Browser(ISSUER, us.transport)
    wrong, right = [await browser.sign_in(email, word) for word in ("a wrong password", PASSWORD)]
    await browser.close()
    assert (wrong.status, wrong.alert) == (400, "The e-mail address or the password is wrong")
    assert (right.status, right.alert) == (
        409,
        "Your account is at home in the region eu. Sign in there.",
    )
    assert await us.rows('SELECT email FROM "user"') == []


async def test_a_change_of_address_moves_its_claim(regions: Mapping[str, Region]) -> None:
    eu, us = regions["eu"], regions["us"]
    before, after, taken = address("us", "before"), address("us", "after"), address("eu", "taken")
    assert [await sign_up(eu, before), await sign_up(us, taken)] == ["Session"] * 2
    assert await change_address(eu, before, taken) == "EmailTaken"
    assert await change_address(eu, before, before) == "User"
    assert await change_address(eu, before, after) == "User"
    assert await sign_up(us, after) == "EmailTaken"
    await eu.addresses.settle()
    assert await eu.rows(CLAIMS) == [(after, "TAKEN")]
    assert await sign_up(us, before) == "Session"


async def test_while_a_region_is_cut_off_what_it_decides_waits_and_everything_else_goes_on(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    european, american = address("us", "european"), address("eu", "american")
    assert [await sign_up(eu, european), await sign_up(us, american)] == ["Session"] * 2
    eu.cut_off()
    assert await sign_in(eu, european) == await sign_in(us, american) == "Session"
    assert await sign_up(us, address("us", "new")) == await sign_up(eu, address("eu", "new")) == "Session"
    late = address("eu", "late")
    assert await sign_up(us, late) == "REGION_UNAVAILABLE"
    assert await change_address(us, american, late) == "REGION_UNAVAILABLE"
    assert await sign_in(us, european) == "REGION_UNAVAILABLE"
    assert await sign_in(us, late) == "REGION_UNAVAILABLE"
    assert await sign_in(us, address("us", "nobody")) == "InvalidCredentials"
    eu.rejoin()
    assert outcome(await us.ask(CONFIRM, sent=late), "confirmEmailChange") == "User", "its token stayed good"
    assert await sign_up(eu, late) == "EmailTaken"
    assert await sign_in(us, european) == "Session"


async def test_a_claim_of_which_nothing_came_is_given_up_and_counts_here_no_longer(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    email = address("us")
    claim = await eu.addresses.claim(email)
    assert await sign_up(us, email) == "EmailTaken"
    await eu.addresses.settle()
    assert await sign_up(us, email) == "EmailTaken", "somebody may still be about to take it"
    await eu.rows("UPDATE address_claim SET asked_at = now() - interval '3 minutes'")
    await eu.addresses.settle()
    assert await eu.rows(CLAIMS) == []
    async with eu.database.transaction() as transaction:
        with pytest.raises(EmailTakenError):
            await eu.addresses.take(transaction, claim)
    assert await sign_up(us, email) == "Session"


async def test_accounts_that_are_older_than_the_directory_are_claimed_and_disputes_left_as_they_are(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    old, both = address("us", "old"), address("eu", "both")
    for region in (eu, us):
        await region.rows(f"INSERT INTO \"user\" (email, name) VALUES ('{both}', 'Ada')")
    await eu.rows(f"INSERT INTO \"user\" (email, name) VALUES ('{old}', 'Ada')")
    await eu.addresses.enrol()
    await us.addresses.enrol()
    assert await eu.rows(CLAIMS) == [(both, "TAKEN"), (old, "TAKEN")]
    assert await us.rows(CLAIMS) == [(both, "DISPUTED")]
    assert await sign_up(us, old) == "EmailTaken"


async def test_only_regions_are_answered_and_only_about_what_they_decide(
    regions: Mapping[str, Region],
) -> None:
    async def ask(secret: str | None, email: str) -> tuple[int, str]:
        digest_ = base64.b64encode(DirectoryKey(DIRECTORY_SECRET).digest(email)).decode()
        question = json.dumps({"type": "FindHome", "digest": digest_}).encode()
        headers = MessageSigner("region", secret).sign("POST", (), question) if secret else ()
        request = Request(path="/region", body=question, headers=headers)
        answer = await regions["eu"].transport.send(request)
        return answer.status, json.loads(answer.body).get("code")

    secret = DirectoryKey(DIRECTORY_SECRET).requests
    assert await ask(None, address("eu")) == (401, "INVALID_SIGNATURE")
    assert await ask("x" * 32, address("eu")) == (401, "INVALID_SIGNATURE")
    assert await ask(secret, address("us")) == (421, "NOT_DECIDED_HERE")
    assert await ask(secret, address("eu")) == (200, None)
