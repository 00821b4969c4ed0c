"""openid-client and oauth4webapi, certified relying parties, as they come from npm, sign somebody in over real connections."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from common.app import running
from common.database import Database
from common.http import open_transport
from gateway.platform.doors import ServiceDoors
from subgraphs.identity.app import service
from subgraphs.identity.passwords import Passwords
from subgraphs.identity.store.accounts import insert_user, put_password_hash
from subgraphs.identity.store.clients import insert_client
from tests.conformance.javascript import ENVIRONMENT
from tests.integration.identity.browsing import Browser, nothing
from tests.integration.identity.conftest import CLIENT, PUBLIC_CLIENT
from tests.integration.identity.relying import REDIRECT_URI, SECRET
from tests.integration.server.serving import serving

SIGNED_OUT = "https://rp.example/signed-out"


@pytest.fixture
async def browser(environment: Mapping[str, str]) -> AsyncIterator[Browser]:
    """A browser at a provider on a port of this machine, whose issuer has a path as the platform's has."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}/identity"
    app = service.create_app({**environment, "HANSA_ISSUER": issuer})
    app.state.apps = {"identity": app}
    transport = open_transport("app://identity/graphql", apps=app.state.apps)
    async with running(app), serving(ServiceDoors(nothing, {"identity": transport}), port=port):
        browser = Browser(issuer)
        yield browser
        await browser.close()
    await transport.close()


@pytest.fixture
async def user(database: Database) -> str:
    """The id of a user; the clients are there, too."""
    async with database.transaction() as transaction:
        for client in (CLIENT, PUBLIC_CLIENT):
            await insert_client(transaction, client)
        user = await insert_user(transaction, "ada@hansa.example", "Ada")
        assert user is not None
        passwords = Passwords(threads=1)
        await put_password_hash(transaction, user.id, await passwords.hash("long enough"))
        passwords.close()
    return str(user.id)


async def run(script: Path, *arguments: str, visit: Callable[[str], Awaitable[str]]) -> dict[str, Any]:
    """What the script reports; `visit` gives where its user is sent back to from a URL."""
    process = await asyncio.create_subprocess_exec(
        "node",
        script,
        *arguments,
        env=ENVIRONMENT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.timeout(90):
        while line := await process.stdout.readline():
            told = json.loads(line)
            if "result" in told:
                await process.wait()
                return dict(told["result"])
            process.stdin.write((await visit(told["visit"])).encode() + b"\n")
    raise AssertionError(f"{script.name} ended with {await process.wait()}")


def user_at(browser: Browser) -> Callable[[str], Awaitable[str]]:
    """Does what the pages ask until they lead away, or nothing more is asked."""

    async def visit(url: str) -> str:
        page = await browser.get(url)
        while page.url.startswith(browser.site) and page.title not in {"Allowed", "Signed in"}:
            if page.title == "Sign in":
                page = await browser.sign_in("ada@hansa.example", "long enough", page)
            else:
                page = await browser.submit(page, button="allow")
        return page.url

    return visit


async def test_openid_client(scripts: Path, browser: Browser, user: str) -> None:
    arguments = (browser.site, "relying-party", SECRET, REDIRECT_URI, SIGNED_OUT)
    result = await run(scripts / "openid_client.mjs", *arguments, visit=user_at(browser))
    assert result == {
        "sub": user,
        "name": "Ada",
        "refreshed": user,
        "active": [True, False],
        "own": "graph",
        "device": user,
        "landed": f"{SIGNED_OUT}?state=done",
    }


async def test_oauth4webapi(scripts: Path, browser: Browser, user: str) -> None:
    arguments = (browser.site, "public-client", REDIRECT_URI)
    result = await run(scripts / "oauth4webapi.mjs", *arguments, visit=user_at(browser))
    assert result == {"sub": user, "email": "ada@hansa.example", "successors": 1}
