"""Guarantees 19 to 21 of identity's README: the pages on which people sign in and out, and what a browser keeps."""

import asyncio
from collections.abc import Collection
from typing import Any
from uuid import UUID

import pytest

from common.database import Database, Transaction
from subgraphs.identity.domain.sessions import SecondFactorNeeded, SignedIn, Visitor
from subgraphs.identity.service.sessions import Sessions
from tests.integration.identity.browsing import Browser

EMAIL, PASSWORD = "ada@hansa.example", "long enough"
VISITOR = Visitor(None, "Cog/1.0")


@pytest.fixture(autouse=True)
async def ada(identity: Any) -> UUID:
    return UUID((await identity.sign_up())["user"]["id"])


class AlwaysOtp:
    async def of(self, _transaction: Transaction, _user_id: UUID) -> Collection[str]:
        return ["otp"]


async def rows(database: Database, statement: str) -> list[Any]:
    async with database.transaction() as transaction:
        return list((await transaction.execute(statement)).mappings())


async def test_signing_in_and_out_needs_no_script(browser: Browser) -> None:
    page = await browser.sign_in(EMAIL, PASSWORD)
    assert (page.title, "as Ada" in page.text) == ("Signed in", True)
    page = await browser.submit(page)
    assert page.title == "Sign in"
    assert (await browser.get("/sign-in")).title == "Sign in"


async def test_a_wrong_password_says_nothing_of_the_account(browser: Browser) -> None:
    wrong = await browser.sign_in(EMAIL, "wrong password")
    unknown = await browser.sign_in("nobody@hansa.example", "wrong password")
    assert (wrong.status, unknown.status) == (400, 400)
    assert wrong.alert == unknown.alert == "The e-mail address or the password is wrong"
    assert PASSWORD not in wrong.text
    assert "wrong password" not in wrong.text


async def test_the_eleventh_attempt_is_told_when_to_come_back(browser: Browser) -> None:
    pages = [await browser.sign_in("bob@hansa.example", "wrong password") for _ in range(11)]
    assert [page.status for page in pages] == [400] * 10 + [429]
    assert 0 < int(pages[-1].headers["retry-after"]) <= 900


async def test_a_page_lets_nothing_in_and_cannot_be_framed(browser: Browser) -> None:
    headers = (await browser.get("/sign-in")).headers
    policy = headers["content-security-policy"]
    for directive in (
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert directive in policy
    assert (headers["x-frame-options"], headers["cache-control"]) == ("DENY", "no-store")
    assert headers["referrer-policy"] == "no-referrer"


async def test_what_stands_in_a_page_is_text(browser: Browser) -> None:
    page = await browser.get("/sign-in", login_hint='"><script>alert(1)</script>')
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


async def test_the_cookie_is_the_browsers_alone_and_only_its_hash_is_kept(
    browser: Browser, database: Database
) -> None:
    form = await browser.get("/sign-in")
    answer = await browser.client.post(
        f"{browser.site}/sign-in",
        data={"email": EMAIL, "password": PASSWORD, "form_token": _field(form.text, "form_token")},
    )
    (kept,) = [
        value for value in answer.headers.get_list("set-cookie") if value.startswith("__Host-hansa-session=")
    ]
    for attribute in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert attribute in kept
    assert "Domain" not in kept
    token = browser.client.cookies["__Host-hansa-session"]
    (session,) = await rows(database, "SELECT * FROM session")
    assert token not in str(dict(session))
    assert (session["amr"], session["user_agent"]) == (["pwd"], "Cog/1.0")


async def test_a_form_from_elsewhere_is_refused(browser: Browser) -> None:
    fields = {"email": EMAIL, "password": PASSWORD}
    assert (await browser.post("/sign-in", fields)).status == 403
    await browser.get("/sign-in")
    assert (await browser.post("/sign-in", fields)).status == 403
    assert (await browser.post("/sign-in", {**fields, "form_token": "é"})).status == 403
    await browser.sign_in(EMAIL, PASSWORD)
    assert (await browser.post("/sign-out", {"form_token": ""})).status == 403
    assert (await browser.get("/sign-in")).title == "Signed in"


async def test_another_browsers_form_is_refused(browser: Browser, identity: Any) -> None:
    other = Browser(browser.site, identity.transport)
    stolen = _field((await other.get("/sign-in")).text, "form_token")
    await other.close()
    await browser.get("/sign-in")
    fields = {"email": EMAIL, "password": PASSWORD, "form_token": stolen}
    assert (await browser.post("/sign-in", fields)).status == 403


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nset-cookie: a=b", "x" * 9000],
)
async def test_a_sign_in_goes_on_to_nowhere_but_this_site(browser: Browser, elsewhere: str) -> None:
    page = await browser.get("/sign-in", **{"continue": elsewhere})
    page = await browser.sign_in(EMAIL, PASSWORD, page)
    assert page.url == f"{browser.site}/sign-in"


async def test_what_is_no_form_is_refused(browser: Browser) -> None:
    url = f"{browser.site}/sign-in"
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body, headers in [
        (b"{}", {"content-type": "application/json"}),
        (b"a=1&a=2", form),
        (b"a=%00", form),
        (b"a=%ff", form),
        (b"\xff", form),
        (b"&".join(b"a%d=" % number for number in range(51)), form),
    ]:
        answer = await browser.client.post(url, content=body, headers=headers)
        assert (answer.status_code, "text/html" in answer.headers["content-type"]) == (400, True)
    assert (await browser.client.post(url, content=b"a" * 70_000, headers=form)).status_code == 413


async def test_signing_in_again_keeps_the_session_and_changes_its_token(
    browser: Browser, database: Database
) -> None:
    await browser.sign_in(EMAIL, PASSWORD)
    (before,) = await rows(database, "SELECT id, token_hash, authenticated_at FROM session")
    page = await browser.get("/sign-in", **{"continue": "/sign-out"})
    await browser.sign_in(EMAIL, PASSWORD, page)
    (after,) = await rows(database, "SELECT id, token_hash, authenticated_at FROM session")
    assert after["id"] == before["id"]
    assert after["token_hash"] != before["token_hash"]
    assert after["authenticated_at"] > before["authenticated_at"]


async def test_another_user_in_the_same_browser_ends_the_first_ones_session(
    browser: Browser, identity: Any, database: Database
) -> None:
    bob = (await identity.sign_up("bob@hansa.example"))["user"]["id"]
    await browser.sign_in(EMAIL, PASSWORD)
    page = await browser.get("/sign-in", **{"continue": "/sign-out"})
    await browser.sign_in("bob@hansa.example", PASSWORD, page)
    assert [str(row["user_id"]) for row in await rows(database, "SELECT user_id FROM session")] == [bob]


async def test_a_session_ends_when_it_is_too_old_or_idle(browser: Browser, database: Database) -> None:
    for change in ("expires_at = now()", "last_seen_at = now() - interval '7 days'"):
        await browser.sign_in(EMAIL, PASSWORD)
        assert (await browser.get("/sign-in")).title == "Signed in"
        async with database.transaction() as transaction:
            await transaction.execute(f"UPDATE session SET {change}")
        assert (await browser.get("/sign-in")).title == "Sign in"


async def test_a_second_factor_stands_between_the_password_and_the_session(
    database: Database, ada: UUID
) -> None:
    sessions = Sessions(database, AlwaysOtp())
    begun = await sessions.begin(ada, ["pwd"], "/device", VISITOR)
    assert isinstance(begun, SecondFactorNeeded)
    assert await sessions.find(begun.token) is None
    pending = await sessions.pending(begun.token)
    assert pending is not None
    assert (pending.user_id, pending.amr, pending.continue_to) == (ada, ["pwd"], "/device")
    completions = await asyncio.gather(*(sessions.complete(begun.token, "otp", VISITOR) for _ in range(5)))
    (done,) = [done for done in completions if done is not None]
    assert isinstance(done, SignedIn)
    assert (done.session.amr, done.continue_to) == (["pwd", "otp", "mfa"], "/device")
    found = await sessions.find(done.token)
    assert found is not None
    assert found.id == done.session.id


async def test_a_second_factor_may_be_tried_five_times_in_ten_minutes(database: Database, ada: UUID) -> None:
    sessions = Sessions(database, AlwaysOtp())
    begun = await sessions.begin(ada, ["pwd"], "/", VISITOR)
    tries = await asyncio.gather(*(sessions.may_attempt(begun.token) for _ in range(8)))
    assert sum(tries) == 5
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE pending_sign_in SET expires_at = now()")
    assert await sessions.pending(begun.token) is None
    assert await sessions.complete(begun.token, "otp", VISITOR) is None


def _field(text: str, name: str) -> str:
    return text.partition(f'name="{name}" value="')[2].partition('"')[0]
