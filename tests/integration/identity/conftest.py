import base64
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Engine, event

from common.app import running
from common.database import Database
from common.http import ASGIApp, Request, Response, Transport, open_transport
from subgraphs.identity.app import service
from subgraphs.identity.domain.clients import Client, GrantType
from subgraphs.identity.opaque import digest
from subgraphs.identity.store.clients import insert_client
from tests.integration.identity.browsing import Browser
from tests.integration.identity.letters import Letters
from tests.integration.identity.relying import OTHER_REDIRECT_URI, REDIRECT_URI, SECRET, RelyingParty


@dataclass
class Identity:
    """The running subgraph, called without a socket."""

    transport: Transport
    app: ASGIApp
    environment: Mapping[str, str]

    async def post(self, query: str, variables: Mapping[str, Any] | None = None, **headers: str) -> Response:
        named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        body = json.dumps({"query": query, "variables": variables}).encode()
        return await self.transport.send(
            Request(path="", body=body, headers=(("content-type", "application/json"), *named))
        )

    async def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, **headers: str
    ) -> dict[str, Any]:
        return dict(json.loads((await self.post(query, variables, **headers)).body))

    async def get(self, path: str) -> Response:
        return await self.transport.send(Request(path=path, method="GET"))

    async def sign_up(self, email: str = "ada@hansa.example", **changes: str) -> dict[str, Any]:
        members = {"email": email, "password": "long enough", "name": "Ada", **changes}
        answer = await self.ask(SIGN_UP, {"input": members})
        return dict(answer["data"]["signUp"])

    async def sign_in(self, email: str, password: str, **headers: str) -> dict[str, Any]:
        answer = await self.ask(SIGN_IN, {"input": {"email": email, "password": password}}, **headers)
        return dict(answer["data"]["signIn"])


SIGN_UP = """mutation ($input: SignUpInput!) { signUp(input: $input) { __typename
  ... on Session { accessToken expiresAt user { id name } }
  ... on EmailTaken { message } ... on InvalidSignUp { message field } ... on TooManyAttempts { retryAfter } } }"""

SIGN_IN = """mutation ($input: SignInInput!) { signIn(input: $input) { __typename
  ... on Session { accessToken expiresAt user { id name email } }
  ... on InvalidCredentials { message } ... on TooManyAttempts { retryAfter } } }"""


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The SQL statements that have been run so far."""
    seen: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    yield seen
    event.remove(Engine, "before_cursor_execute", record)


@pytest.fixture
def database_url(migrated_database: Callable[..., str]) -> str:
    return migrated_database("identity")


@pytest.fixture
def letters(tmp_path: Path) -> Letters:
    """The letters that identity has sent."""
    return Letters(tmp_path / "mail")


@pytest.fixture
async def environment(
    servers: Mapping[str, str], database_url: str, redis_url: str, letters: Letters
) -> Mapping[str, str]:
    return settings(servers, database_url, redis_url, letters.folder)


def settings(servers: Mapping[str, str], database_url: str, redis_url: str, mail: Path) -> Mapping[str, str]:
    """What identity reads from the environment."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "NATS_URL": servers["NATS_URL"],
        "HANSA_MAIL_URL": f"file://{mail}",
        "HANSA_ISSUER": "https://hansa.example/identity",
        "HANSA_JWKS_URL": "app://identity/.well-known/jwks.json",
        "HANSA_REVOCATIONS_URL": "app://identity/revocations",
        "HANSA_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
        "HANSA_ROUTER_SECRET": "router",
    }


@asynccontextmanager
async def running_identity(environment: Mapping[str, str]) -> AsyncIterator[Identity]:
    """The subgraph with those settings, as long as it runs."""
    app = service.create_app(environment)
    app.state.apps = {"identity": app}
    transport = open_transport("app://identity/graphql", apps=app.state.apps)
    async with running(app):
        yield Identity(transport, app, environment)
    await transport.close()


@pytest.fixture
async def identity(environment: Mapping[str, str]) -> AsyncIterator[Identity]:
    async with running_identity(environment) as identity:
        yield identity


@pytest.fixture
async def browser(identity: Identity) -> AsyncIterator[Browser]:
    """A browser at identity's site, through the platform's doors."""
    browser = Browser(identity.environment["HANSA_ISSUER"], identity.transport)
    yield browser
    await browser.close()


@pytest.fixture
async def database(identity: Identity) -> AsyncIterator[Database]:
    database = Database.open(identity.environment["DATABASE_URL"], schema="identity")
    yield database
    await database.close()


CLIENT = Client(
    id="relying-party",
    name="Relying Party",
    secret_hash=digest(SECRET),
    redirect_uris=[REDIRECT_URI, OTHER_REDIRECT_URI],
    post_logout_redirect_uris=["https://rp.example/signed-out"],
    grant_types=[grant_type.value for grant_type in GrantType],
    scopes=["openid", "profile", "email", "offline_access", "graph"],
)
PUBLIC_CLIENT = structs.replace(
    CLIENT,
    id="public-client",
    secret_hash=None,
    grant_types=[grant_type for grant_type in CLIENT.grant_types if grant_type != "client_credentials"],
)


@pytest.fixture
async def relying_party(browser: Browser, database: Database) -> RelyingParty:
    """A confidential client, for a browser in which nobody is signed in; there is a public one like it, too."""
    async with database.transaction() as transaction:
        for client in (CLIENT, PUBLIC_CLIENT):
            assert await insert_client(transaction, client)
    return RelyingParty(browser)


@pytest.fixture
async def ada(identity: Identity, browser: Browser) -> dict[str, Any]:
    """A user, who is signed in in the browser."""
    session = await identity.sign_up()
    await browser.sign_in("ada@hansa.example", "long enough")
    return dict(session["user"])
