"""The whole control plane without a socket, in a database whose schema is copied, and its users."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar

from common.app import running
from common.database import Database
from common.http import Request, Response, Transport, open_transport
from common.leases import Leases
from common.tenancy import Tenancy
from subgraphs.tenants.app import service as description
from subgraphs.tenants.domain.configurations import Rules
from subgraphs.tenants.service.use_cases import UseCases
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

TOKEN = "the-services-own"
DOMAIN = "apis.example"

CREATE = """mutation ($slug: String!, $name: String!, $key: String!) {
  createTenant(input: {slug: $slug, name: $name}, idempotencyKey: $key) {
    __typename ... on Tenant { id slug name myRole host plan { name } }
    ... on InvalidInput { field } ... on TenantConflict { code } ... on IdempotencyKeyReused { code } } }"""
INVITE = """mutation ($tenant: ID!, $user: ID!, $role: TenantRole!, $key: String!) {
  inviteMember(input: {tenantId: $tenant, userId: $user, role: $role}, idempotencyKey: $key) {
    __typename ... on TenantInvitation { id role state user { id } }
    ... on InvalidInput { field } ... on TenantConflict { code } } }"""
ACCEPT = """mutation ($id: ID!) { acceptInvitation(id: $id) {
  __typename ... on TenantInvitation { tenantId state } ... on TenantConflict { code } } }"""


@dataclass
class Hall:
    """The running control plane; `ask` uses the graph as some user, `post` a door."""

    app: Litestar
    issuer: Issuer
    database: Database
    doors: Transport
    graph: Transport

    @property
    def tenancy(self) -> Tenancy:
        return Tenancy(self.database)

    @property
    def use(self) -> UseCases:
        return UseCases.over(self.database, Rules(DOMAIN, inner_upstreams=False))

    async def ask(
        self, query: str, user: str | None = "ada", scope: str = "", /, **variables: Any
    ) -> dict[str, Any]:
        headers = [("content-type", "application/json")]
        if user:
            headers.append(("authorization", f"Bearer {self.issuer.token({'sub': user, 'scope': scope})}"))
        body = json.dumps({"query": query, "variables": variables}).encode()
        answer = await self.graph.send(Request(path="", body=body, headers=tuple(headers)))
        return dict(json.loads(answer.body))

    async def get(self, query: str, user: str = "ada", scope: str = "", /, **variables: Any) -> Any:
        """The value of the operation's only field, which has no errors."""
        answer = await self.ask(query, user, scope, **variables)
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    async def refused(
        self, query: str, user: str | None = "ada", scope: str = "", /, **variables: Any
    ) -> list[str]:
        """The codes of the errors of an operation that gives nothing."""
        answer = await self.ask(query, user, scope, **variables)
        assert not any((answer["data"] or {}).values()), answer
        return [error["extensions"]["code"] for error in answer["errors"]]

    async def create(self, slug: str, user: str = "ada", key: str = "") -> str:
        made = await self.get(CREATE, user, slug=slug, name=slug.title(), key=key or slug)
        assert made["__typename"] == "Tenant", made
        return str(made["id"])

    async def join(self, tenant: str, user: str, role: str, by: str = "ada") -> None:
        invited = await self.get(INVITE, by, tenant=tenant, user=user, role=role, key=f"{user} {role}")
        accepted = await self.get(ACCEPT, user, id=invited["id"])
        assert accepted == {"__typename": "TenantInvitation", "tenantId": tenant, "state": "ACCEPTED"}

    async def post(self, path: str, body: Any, authorization: str | None = f"Bearer {TOKEN}") -> Response:
        headers = (("authorization", authorization),) if authorization else ()
        return await self.doors.send(Request(path=path, body=json.dumps(body).encode(), headers=headers))

    async def call(self, path: str, token: str = TOKEN, **body: Any) -> dict[str, Any]:
        answer = await self.post(path, body, f"Bearer {token}")
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))


@pytest.fixture
async def environment(migrated_database: Callable[..., str], servers: Mapping[str, str]) -> Mapping[str, str]:
    url = migrated_database("tenants")
    await _hold_billing(url)
    return {
        "DATABASE_URL": url,
        "NATS_URL": servers["NATS_URL"],
        "HANSA_ISSUER": ISSUER,
        "HANSA_AUDIENCE": AUDIENCE,
        "HANSA_JWKS_URL": "app://issuer/jwks",
        "HANSA_TENANTS_TOKEN": TOKEN,
        "HANSA_TENANTS_DOMAIN": DOMAIN,
    }


async def _hold_billing(url: str) -> None:
    """Months are closed when a test closes them, and by no service that runs meanwhile."""
    database = Database.open(url, schema=description.name)
    assert await Leases(database).acquire("billing", "the test", timedelta(hours=1))
    await database.close()


@asynccontextmanager
async def opened(
    environment: Mapping[str, str], issuer: Issuer, others: Mapping[str, Litestar] | None = None
) -> AsyncIterator[Hall]:
    app = description.create_app(environment)
    app.state.apps = {"issuer": issuer, "tenants": app, **(others or {})}
    database = Database.open(environment["DATABASE_URL"], schema=description.name)
    doors = open_transport("app://tenants", apps=app.state.apps)
    graph = open_transport("app://tenants/graphql", apps=app.state.apps)
    async with running(app):
        yield Hall(app, issuer, database, doors, graph)
    await doors.close()
    await graph.close()
    await database.close()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def hall(environment: Mapping[str, str], issuer: Issuer) -> AsyncIterator[Hall]:
    async with opened(environment, issuer) as hall:
        yield hall


@pytest.fixture
async def other_hall(environment: Mapping[str, str], issuer: Issuer) -> AsyncIterator[Hall]:
    """Another process of the same service, but for the process."""
    async with opened(environment, issuer) as hall:
        yield hall
