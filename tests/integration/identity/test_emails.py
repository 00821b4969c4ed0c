"""Addresses and passwords that are proved and changed by mail (guarantees 23 to 26)."""

import asyncio
from typing import Any

import pytest

from common.database import Database
from tests.integration.identity.browsing import Browser
from tests.integration.identity.letters import Letters
from tests.integration.identity.relying import RelyingParty

ADA = "ada@hansa.example"
REFUSALS = """... on InvalidInput { field } ... on TooManyAttempts { retryAfter }"""
VERIFY = "mutation ($token: String!) { x: verifyEmail(token: $token) { __typename ... on User { name } } }"
RECOVERY = "mutation ($email: String!) { x: sendPasswordRecovery(email: $email) { __typename ... on LetterSent { message } } }"
RECOVER = """mutation ($token: String!, $new: String!) { x: recoverPassword(token: $token, newPassword: $new) {
  __typename ... on InvalidInput { field } } }"""
CHANGE = """mutation ($new: String!, $old: String) { x: changePassword(newPassword: $new, currentPassword: $old) {
  __typename ... on InvalidInput { field message } } }"""
CHANGE_EMAIL = """mutation ($email: String!, $old: String) { x: changeEmail(email: $email, currentPassword: $old) {
  __typename ... on InvalidInput { field } } }"""
CONFIRM = "mutation ($token: String!) { x: confirmEmailChange(token: $token) { __typename } }"
ME = "{ x: me { email isEmailVerified securityEvents(first: 1) { edges { node { kind outcome } } } } }"


def bearer(session: dict[str, Any]) -> str:
    return f"Bearer {session['accessToken']}"


async def ask(identity: Any, query: str, session: dict[str, Any] | None = None, **variables: Any) -> Any:
    headers = {"authorization": bearer(session)} if session else {}
    answer = await identity.ask(query, variables, **headers)
    assert "errors" not in answer, answer
    return answer["data"]["x"]


async def execute(identity: Any, statement: str) -> Any:
    database = Database.open(identity.environment["DATABASE_URL"], schema="identity")
    async with database.transaction() as transaction:
        result = await transaction.execute(statement)
        rows = result.mappings().all() if result.returns_rows else []
    await database.close()
    return rows


async def test_signing_up_sends_a_link_that_verifies_the_address_once(
    identity: Any, letters: Letters
) -> None:
    session = await identity.sign_up()
    assert (await ask(identity, ME, session))["isEmailVerified"] is False
    token = await letters.token(ADA)
    assert await ask(identity, VERIFY, token=token) == {"__typename": "User", "name": "Ada"}
    me = await ask(identity, ME, session)
    assert me["isEmailVerified"] is True
    assert me["securityEvents"]["edges"][0]["node"] == {"kind": "EMAIL_VERIFIED", "outcome": "SUCCESS"}
    assert (await ask(identity, VERIFY, token=token))["__typename"] == "InvalidCode"


async def test_the_next_link_makes_the_one_before_void(identity: Any, letters: Letters) -> None:
    session = await identity.sign_up()
    first = await letters.token(ADA)
    again = "mutation { x: sendEmailVerification { __typename } }"
    assert await ask(identity, again, session) == {"__typename": "LetterSent"}
    await letters.arrived(ADA, number=2)
    assert (await ask(identity, VERIFY, token=first))["__typename"] == "InvalidCode"
    assert (await ask(identity, VERIFY, token=await letters.token(ADA)))["__typename"] == "User"


async def test_a_forgotten_password_is_replaced_by_mail(identity: Any, letters: Letters) -> None:
    await identity.sign_up()
    await ask(identity, RECOVERY, email="ADA@hansa.example")
    token = await letters.token(ADA, "A new password")
    weak = await ask(identity, RECOVER, token=token, new="password1")
    assert weak == {"__typename": "InvalidInput", "field": "newPassword"}
    assert (await ask(identity, RECOVER, token=token, new="quay and crane"))["__typename"] == "User"
    assert (await identity.sign_in(ADA, "long enough"))["__typename"] == "InvalidCredentials"
    assert (await identity.sign_in(ADA, "quay and crane"))["__typename"] == "Session"
    again = await identity.sign_in(ADA, "quay and crane")
    assert (await ask(identity, ME, again))["isEmailVerified"] is True
    assert (await ask(identity, RECOVER, token=token, new="quay and crane"))["__typename"] == "InvalidCode"


async def test_a_recovery_that_is_used_twice_at_once_counts_once(identity: Any, letters: Letters) -> None:
    await identity.sign_up()
    await ask(identity, RECOVERY, email=ADA)
    token = await letters.token(ADA, "A new password")
    uses = (ask(identity, RECOVER, token=token, new=f"quay and crane {number}") for number in range(4))
    outcomes = sorted(outcome["__typename"] for outcome in await asyncio.gather(*uses))
    assert outcomes == ["InvalidCode"] * 3 + ["User"]


async def test_asking_for_a_recovery_does_not_tell_whether_there_is_an_account(
    identity: Any, letters: Letters, statements: list[str]
) -> None:
    await identity.sign_up()
    await letters.token(ADA)
    answers, work = [], []
    for address in (ADA, "nobody@hansa.example"):
        statements.clear()
        answers.append(await ask(identity, RECOVERY, email=address))
        work.append([each for each in statements if "email_token" in each or "security_event" in each])
    assert answers[0] == answers[1]
    assert work[0] == work[1]
    await letters.token(ADA, "A new password")
    await asyncio.sleep(1.5)  # the other letter has had its turn
    assert letters.to("nobody@hansa.example") == []
    assert await execute(identity, "SELECT id FROM mail") == []


async def test_a_recovery_has_the_attempts_of_a_sign_in(identity: Any) -> None:
    outcomes = [await ask(identity, RECOVERY, email="nobody@hansa.example") for _ in range(11)]
    assert [outcome["__typename"] for outcome in outcomes] == ["LetterSent"] * 10 + ["TooManyAttempts"]


async def test_a_token_that_is_too_old_is_worth_nothing(identity: Any, letters: Letters) -> None:
    await identity.sign_up()
    token = await letters.token(ADA)
    await execute(identity, "UPDATE email_token SET expires_at = now()")
    assert (await ask(identity, VERIFY, token=token))["__typename"] == "InvalidCode"


async def test_tokens_stand_in_the_database_as_hashes_and_letters_sealed(
    identity: Any, letters: Letters
) -> None:
    await identity.sign_up()
    token = await letters.token(ADA)
    (row,) = await execute(identity, "SELECT * FROM email_token")
    assert token.encode() not in row["token_hash"]
    await execute(identity, "UPDATE mail SET due_at = 'infinity'")
    await ask(identity, RECOVERY, email=ADA)
    for row in await execute(identity, "SELECT sealed FROM mail"):
        assert ADA.encode() not in row["sealed"]


async def test_a_fresh_sign_in_or_the_password_is_needed_for_another_one(
    identity: Any, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await identity.sign_up()
    assert (await ask(identity, CHANGE, session, new="quay and crane"))["__typename"] == "User"
    session = await identity.sign_in(ADA, "quay and crane")
    monkeypatch.setattr("subgraphs.identity.service.step_up.FRESH", -1)
    for old, outcome in (
        (None, "SignInAgain"),
        ("wrong one", "InvalidCredentials"),
        ("quay and crane", "User"),
    ):
        assert (await ask(identity, CHANGE, session, new="crane and quay", old=old))["__typename"] == outcome
    assert (await identity.sign_in(ADA, "crane and quay"))["__typename"] == "Session"
    await letters.arrived(ADA, "Your account has another password now", 2)


@pytest.mark.parametrize("new", ["short", "password1", "adaadaada", "x" * 1025, "ada@hansa.example"])
async def test_a_weak_password_is_refused(identity: Any, new: str) -> None:
    session = await identity.sign_up()
    refused = await ask(identity, CHANGE, session, new=new)
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "newPassword")


async def test_nobody_signs_up_with_a_password_that_everyone_has(identity: Any) -> None:
    refused = await identity.sign_up(password="password1")
    assert (refused["__typename"], refused["field"]) == ("InvalidSignUp", "password")
    assert "password1" not in refused["message"]


async def test_another_address_is_proved_first_and_the_old_one_is_told(
    identity: Any, letters: Letters
) -> None:
    session = await identity.sign_up()
    assert await ask(identity, CHANGE_EMAIL, session, email="Ada@Lubeck.example") == {
        "__typename": "LetterSent"
    }
    token = await letters.token("ada@lubeck.example", "new e-mail address")
    assert (await ask(identity, ME, session))["email"] == ADA
    await letters.arrived(ADA, "about to get another e-mail address", 1)
    assert (await ask(identity, CONFIRM, token=token))["__typename"] == "User"
    me = await ask(identity, ME, session)
    assert (me["email"], me["isEmailVerified"]) == ("ada@lubeck.example", True)
    await letters.arrived(ADA, "has another e-mail address now", 1)
    assert (await ask(identity, CONFIRM, token=token))["__typename"] == "InvalidCode"
    assert (await identity.sign_in("ada@lubeck.example", "long enough"))["__typename"] == "Session"


async def test_an_address_that_another_has_meanwhile_stays_theirs(identity: Any, letters: Letters) -> None:
    session = await identity.sign_up()
    await ask(identity, CHANGE_EMAIL, session, email="bob@hansa.example")
    token = await letters.token("bob@hansa.example", "new e-mail address")
    await identity.sign_up("bob@hansa.example", name="Bob")
    assert (await ask(identity, CONFIRM, token=token))["__typename"] == "EmailTaken"
    assert (await ask(identity, ME, session))["email"] == ADA


async def test_the_address_of_a_recovery_is_no_longer_good_when_it_was_changed(
    identity: Any, letters: Letters
) -> None:
    session = await identity.sign_up()
    await ask(identity, RECOVERY, email=ADA)
    recovery = await letters.token(ADA, "A new password")
    await ask(identity, CHANGE_EMAIL, session, email="ada@lubeck.example")
    await ask(identity, CONFIRM, token=await letters.token("ada@lubeck.example", "new e-mail"))
    assert (await ask(identity, RECOVER, token=recovery, new="quay and crane"))["__typename"] == "InvalidCode"


async def test_what_is_no_address_is_refused(identity: Any) -> None:
    session = await identity.sign_up()
    refused = await ask(identity, CHANGE_EMAIL, session, email="ada@\x00")
    assert refused == {"__typename": "InvalidInput", "field": "email"}
    assert (await ask(identity, RECOVERY, email="ada@\x00"))["__typename"] == "LetterSent"


async def test_another_password_ends_every_token_and_session(identity: Any, browser: Browser) -> None:
    session = await identity.sign_up()
    await browser.sign_in(ADA, "long enough")
    await ask(identity, CHANGE, session, new="quay and crane")
    async with asyncio.timeout(10):
        while (await identity.post(ME, authorization=bearer(session))).status != 401:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)
    assert (await browser.get("/sign-in")).title == "Sign in"
    again = await identity.sign_in(ADA, "quay and crane")
    assert (await ask(identity, ME, again))["email"] == ADA


async def test_the_links_in_letters_work_without_scripts(
    identity: Any, letters: Letters, browser: Browser
) -> None:
    await identity.sign_up()
    for _ in range(2):  # a scanner of mail opens it, too
        page = await browser.get("/verify-email", token=await letters.token(ADA))
    assert (await browser.submit(page)).title == "Done"
    assert (await browser.submit(page)).status == 400

    sign_in = await browser.get("/sign-in")
    assert "/recover" in sign_in.text
    assert (await browser.submit(await browser.get("/recover"), email=ADA)).title == "Done"
    link = {"token": await letters.token(ADA, "A new password")}
    weak = await browser.submit(await browser.get("/recover", **link), password="password1")
    assert (weak.status, "too weak" in weak.alert) == (400, True)
    assert (await browser.submit(weak, password="quay and crane")).title == "Done"
    assert (await browser.submit(weak, password="quay and crane")).status == 400
    assert (await browser.sign_in(ADA, "quay and crane")).title == "Signed in"

    session = await identity.sign_in(ADA, "quay and crane")
    await ask(identity, CHANGE_EMAIL, session, email="ada@lubeck.example")
    token = await letters.token("ada@lubeck.example", "new e-mail")
    assert (await browser.submit(await browser.get("/change-email", token=token))).title == "Done"
    assert (await browser.submit(await browser.get("/change-email", token=token))).status == 400


async def test_a_forged_form_recovers_nothing(browser: Browser, letters: Letters) -> None:
    assert (await browser.post("/recover", {"email": ADA})).status == 403
    assert letters.all() == []


async def test_another_password_ends_what_was_granted_for_good(
    identity: Any, relying_party: RelyingParty
) -> None:
    session = await identity.sign_up()
    await relying_party.browser.sign_in(ADA, "long enough")
    granted = await relying_party.tokens(scope="openid offline_access")
    await ask(identity, CHANGE, session, new="quay and crane")
    assert (await relying_party.refresh(granted["refresh_token"])).json()["error"] == "invalid_grant"
