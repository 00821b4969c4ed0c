"""Authenticator apps and recovery codes, through the graph and on the pages (guarantees 33 to 35 and 37)."""

import asyncio
import re
import time
from typing import Any

import pyotp
import pytest

from common.database import Database
from tests.integration.identity.browsing import Browser
from tests.integration.identity.letters import Letters
from tests.integration.identity.test_emails import ADA, RECOVER, RECOVERY, VERIFY, ask, execute

ENROL = """mutation ($name: String!, $old: String) { x: enrolTotp(name: $name, currentPassword: $old) { __typename
  ... on TotpEnrolment { id secret uri qrCode } ... on InvalidInput { field } } }"""
CONFIRM = """mutation ($id: ID!, $code: String!) { x: confirmTotp(id: $id, code: $code) { __typename
  ... on RecoveryCodes { codes } } }"""
REMOVE = "mutation ($id: ID!) { x: removeTotp(id: $id) { __typename } }"
RENEW = "mutation { x: renewRecoveryCodes { __typename ... on RecoveryCodes { codes } } }"
FACTORS = "{ x: me { secondFactors { totps { id name } passkeys { id } recoveryCodesLeft } } }"
SIGN_IN = """mutation ($code: String) {
  x: signIn(input: { email: "ada@hansa.example", password: "long enough", code: $code }) {
    __typename ... on Session { accessToken } ... on SecondFactorNeeded { methods } } }"""


def code_of(secret: str, steps: int = 0) -> str:
    """What the app shows so many steps from now."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


class Ada:
    """A user with an authenticator app."""

    def __init__(self, identity: Any, session: dict[str, Any], secret: str, codes: list[str]) -> None:
        self.identity = identity
        self.session = session
        self.secret = secret
        self.codes = codes

    @classmethod
    async def of(cls, identity: Any) -> "Ada":
        """Has used the code of the step before this one."""
        session = await identity.sign_up()
        begun = await ask(identity, ENROL, session, name="phone")
        code = code_of(begun["secret"], -1)
        confirmed = await ask(identity, CONFIRM, session, id=begun["id"], code=code)
        return cls(identity, session, begun["secret"], confirmed["codes"])

    async def sign_in(self, code: str | None) -> dict[str, Any]:
        return dict(await ask(self.identity, SIGN_IN, code=code))


@pytest.fixture
async def ada(identity: Any) -> Ada:
    return await Ada.of(identity)


async def test_an_app_counts_once_a_code_of_it_was_seen(identity: Any) -> None:
    session = await identity.sign_up()
    begun = await ask(identity, ENROL, session, name="  my   phone ")
    assert begun["uri"].startswith("otpauth://totp/Hansa:ada")
    assert begun["qrCode"].startswith("data:image/svg+xml")
    assert (await ask(identity, SIGN_IN))["__typename"] == "Session"
    wrong = await ask(identity, CONFIRM, session, id=begun["id"], code="000000")
    assert wrong["__typename"] == "InvalidCode"
    confirmed = await ask(identity, CONFIRM, session, id=begun["id"], code=code_of(begun["secret"]))
    assert len(confirmed["codes"]) == 10
    factors = (await ask(identity, FACTORS, session))["secondFactors"]
    assert (factors["totps"][0]["name"], factors["recoveryCodesLeft"]) == ("my phone", 10)
    needed = await ask(identity, SIGN_IN)
    assert needed == {"__typename": "SecondFactorNeeded", "methods": ["totp", "recovery_code"]}


async def test_a_code_signs_in_once(ada: Ada) -> None:
    code = code_of(ada.secret)
    assert (await ada.sign_in(code))["__typename"] == "Session"
    assert (await ada.sign_in(code))["__typename"] == "InvalidCode"
    assert (await ada.sign_in(code_of(ada.secret, -1)))["__typename"] == "InvalidCode", "that of before"
    assert (await ada.sign_in(code_of(ada.secret, 1)))["__typename"] == "Session", "a clock ahead"


async def test_of_one_code_used_at_once_one_counts(ada: Ada) -> None:
    code = code_of(ada.secret)
    outcomes = await asyncio.gather(*(ada.sign_in(code) for _ in range(5)))
    assert sorted(each["__typename"] for each in outcomes) == ["InvalidCode"] * 4 + ["Session"]


async def test_of_one_recovery_code_used_at_once_one_counts(ada: Ada) -> None:
    outcomes = await asyncio.gather(*(ada.sign_in(ada.codes[0]) for _ in range(5)))
    assert sorted(each["__typename"] for each in outcomes) == ["InvalidCode"] * 4 + ["Session"]
    factors = (await ask(ada.identity, FACTORS, ada.session))["secondFactors"]
    assert factors["recoveryCodesLeft"] == 9


async def test_new_recovery_codes_make_those_before_void(ada: Ada) -> None:
    renewed = (await ask(ada.identity, RENEW, ada.session))["codes"]
    assert (await ada.sign_in(ada.codes[0]))["__typename"] == "InvalidCode"
    assert (await ada.sign_in(renewed[0].lower()))["__typename"] == "Session"


async def test_who_has_the_password_cannot_go_on_guessing_codes(ada: Ada) -> None:
    outcomes = [(await ada.sign_in("000000"))["__typename"] for _ in range(11)]
    assert outcomes == ["InvalidCode"] * 10 + ["TooManyAttempts"]
    assert (await ada.sign_in(code_of(ada.secret)))["__typename"] == "TooManyAttempts"


async def test_removing_takes_a_fresh_sign_in_and_is_told_by_mail(
    ada: Ada, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    (app,) = (await ask(ada.identity, FACTORS, ada.session))["secondFactors"]["totps"]
    with monkeypatch.context() as patched:
        patched.setattr("subgraphs.identity.service.step_up.FRESH", -1)
        assert (await ask(ada.identity, REMOVE, ada.session, id=app["id"]))["__typename"] == "SignInAgain"
    for id_, outcome in (("no id", "FactorNotFound"), (app["id"], "User"), (app["id"], "FactorNotFound")):
        assert (await ask(ada.identity, REMOVE, ada.session, id=id_))["__typename"] == outcome
    assert (await ada.sign_in(None))["__typename"] == "Session"
    factors = (await ask(ada.identity, FACTORS, ada.session))["secondFactors"]
    assert factors == {"totps": [], "passkeys": [], "recoveryCodesLeft": 0}
    await letters.arrived(ADA, "second factor was taken off")


async def test_nobody_else_uses_or_removes_it(ada: Ada) -> None:
    bob = await ada.identity.sign_up("bob@hansa.example", name="Bob")
    (app,) = (await ask(ada.identity, FACTORS, ada.session))["secondFactors"]["totps"]
    assert (await ask(ada.identity, REMOVE, bob, id=app["id"]))["__typename"] == "FactorNotFound"
    assert (await ask(ada.identity, RENEW, bob))["__typename"] == "FactorNotFound"
    begun = await ask(ada.identity, ENROL, bob, name="phone")
    mine = await ask(ada.identity, CONFIRM, ada.session, id=begun["id"], code=code_of(begun["secret"]))
    assert mine["__typename"] == "InvalidCode"


async def test_apps_have_names_and_are_five_at_most(identity: Any) -> None:
    session = await identity.sign_up()
    for number in range(5):
        begun = await ask(identity, ENROL, session, name=f"phone {number}")
        code = code_of(begun["secret"])
        assert (await ask(identity, CONFIRM, session, id=begun["id"], code=code))[
            "__typename"
        ] == "RecoveryCodes"
    for name in ("phone 5", "", "x" * 61, "a\x00b"):
        assert await ask(identity, ENROL, session, name=name) == {
            "__typename": "InvalidInput",
            "field": "name",
        }


async def test_secrets_stand_sealed_and_codes_hashed_and_neither_in_the_audit_log(ada: Ada) -> None:
    await ada.sign_in(ada.codes[0])
    (app,) = await execute(ada.identity, "SELECT sealed_secret FROM totp")
    assert ada.secret.encode() not in app["sealed_secret"]
    events = str(await execute(ada.identity, "SELECT * FROM security_event"))
    assert "RECOVERY_CODE_USED" in events
    assert not any(code in events for code in ada.codes)


async def test_the_pages_need_no_script(identity: Any, browser: Browser) -> None:
    await identity.sign_up()
    await browser.sign_in(ADA, "long enough")
    page = await browser.post(
        "/second-factors/totp",
        {"name": "phone", "form_token": _token(await browser.get("/second-factors"))},
    )
    secret = re.search(r"<code>(\w+)</code>", page.text)
    assert secret is not None
    assert "<svg" in page.text
    wrong = await browser.submit(page, code="000000")
    assert (wrong.status, wrong.alert) == (400, "The code is wrong, too old, or was used before")
    shown = await browser.submit(page, code=code_of(secret[1], -1))
    codes = re.findall(r"<code>([A-Z2-9-]{19})</code>", shown.text)
    assert (shown.title, len(codes)) == ("Recovery codes", 10)

    await browser.submit(await browser.get("/sign-in"))
    for code in (code_of(secret[1]), codes[3]):
        asked = await browser.sign_in(ADA, "long enough")
        assert asked.title == "Your second factor"
        assert (await browser.submit(asked, code="000000")).status == 400
        assert (await browser.submit(asked, code=code)).title == "Signed in"
        await browser.submit(await browser.get("/sign-in"))


async def test_a_sign_in_that_waits_has_five_attempts(ada: Ada, browser: Browser) -> None:
    asked = await browser.sign_in(ADA, "long enough")
    statuses = [(await browser.submit(asked, code="000000")).status for _ in range(6)]
    assert statuses == [400] * 5 + [429]
    assert (await browser.submit(asked, code=code_of(ada.secret))).status == 429


async def test_without_a_sign_in_there_is_nothing_to_finish(browser: Browser) -> None:
    for path in ("/sign-in/second-factor", "/second-factors"):
        assert (await browser.get(path)).title == "Sign in"


async def test_a_sign_in_of_long_ago_adds_nothing(
    identity: Any, browser: Browser, database: Database
) -> None:
    await identity.sign_up()
    await browser.sign_in(ADA, "long enough")
    page = await browser.get("/second-factors")
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE session SET authenticated_at = now() - interval '6 minutes'")
    again = await browser.post("/second-factors/totp", {"name": "phone", "form_token": _token(page)})
    assert again.title == "Sign in"


def _token(page: Any) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


async def test_a_recovery_keeps_the_second_factor_of_who_has_proved_their_address(
    ada: Ada, letters: Letters
) -> None:
    await ask(ada.identity, VERIFY, token=await letters.token(ADA))
    await _recover(ada, letters)
    assert (await ada.sign_in(None))["__typename"] == "SecondFactorNeeded"


async def test_a_recovery_takes_off_what_whoever_made_the_account_has_added(
    ada: Ada, letters: Letters
) -> None:
    await _recover(ada, letters)
    assert (await ada.sign_in(None))["__typename"] == "Session"


async def _recover(ada: Ada, letters: Letters) -> None:
    await ask(ada.identity, RECOVERY, email=ADA)
    token = await letters.token(ADA, "A new password")
    assert (await ask(ada.identity, RECOVER, token=token, new="long enough"))["__typename"] == "User"
