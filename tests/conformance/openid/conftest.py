"""The providers that the modules are run against, each for all of them: identity through the platform's doors, and oidc-provider."""

import secrets
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import structs

from common.database import Database
from subgraphs.identity.store.clients import insert_client
from tests.conformance.javascript import ENVIRONMENT, install
from tests.conformance.openid.providers import EMAIL, OpenIDProvider, Pages
from tests.integration.identity.browsing import Browser
from tests.integration.identity.conftest import (
    CLIENT,
    Identity,
    database,
    database_url,
    environment,
    identity,
    letters,
    running_identity,
    settings,
)
from tests.integration.identity.relying import SECRET

__all__ = ("database", "database_url", "environment", "identity", "letters")

HERE = Path(__file__).parent
_AGED = (
    "UPDATE session SET authenticated_at = authenticated_at - make_interval(secs => :seconds)",
    "UPDATE authorization_code SET expires_at = expires_at - make_interval(secs => :seconds)",
)


@pytest.fixture(scope="session")
def scripts() -> Path:
    """The folder of the scripts, where what they need is installed."""
    install(HERE)
    return HERE


@pytest.fixture(params=["identity", "oidc-provider"])
def provider(request: pytest.FixtureRequest) -> OpenIDProvider:
    """Each of the two, in a browser in which nobody is signed in."""
    found: OpenIDProvider = request.getfixturevalue(f"{request.param.replace('-', '_')}_driver")
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_identity(
    servers: Mapping[str, str],
    migrated_database: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Identity]:
    """Identity with its client and its user."""
    mail = tmp_path_factory.mktemp("mail")
    async with running_identity(
        settings(servers, migrated_database("identity"), servers["REDIS_URL"], mail)
    ) as identity:
        database = Database.open(identity.environment["DATABASE_URL"], schema="identity")
        async with database.transaction() as transaction:
            for client in (CLIENT, structs.replace(CLIENT, id=f"{CLIENT.id}-post")):
                assert await insert_client(transaction, client)
        await database.close()
        await identity.sign_up(EMAIL)
        yield identity


@pytest_asyncio.fixture(loop_scope="module")
async def identity_driver(shared_identity: Identity) -> AsyncIterator[OpenIDProvider]:
    database = Database.open(shared_identity.environment["DATABASE_URL"], schema="identity")
    # Attempts are counted by the address, in a Valkey of all tests.
    address = f"fd00::{secrets.token_hex(2)}"
    browser = Browser(shared_identity.environment["HANSA_ISSUER"], shared_identity.transport, address)

    async def forward(seconds: float) -> None:
        async with database.transaction() as transaction:
            for statement in _AGED:
                await transaction.execute(statement, {"seconds": seconds})

    pages = Pages(sign_in="Sign in", consent="Allow", name_field="email", button="allow")
    metadata = await browser.client.get(f"{browser.site}/.well-known/openid-configuration")
    yield OpenIDProvider("identity", browser, metadata.json(), pages, forward)
    await browser.close()
    await database.close()


@pytest.fixture(scope="session")
def certified(scripts: Path) -> Iterator[str]:
    """The issuer of an oidc-provider in a process of its own."""
    with subprocess.Popen(
        ["node", scripts / "oidc_provider.mjs", CLIENT.id, SECRET, *CLIENT.redirect_uris],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest_asyncio.fixture(loop_scope="module")
async def oidc_provider_driver(certified: str) -> AsyncIterator[OpenIDProvider]:
    browser = Browser(certified)

    async def forward(seconds: float) -> None:
        await browser.client.post(f"{certified}/forward?{seconds}")

    pages = Pages(sign_in="Sign-in", consent="Authorize", name_field="login")
    metadata = await browser.client.get(f"{certified}/.well-known/openid-configuration")
    yield OpenIDProvider("oidc-provider", browser, metadata.json(), pages, forward)
    await browser.close()
