"""A shop of the test's own: payments, inventory, jobs and the card provider in this process, over real servers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from common.app import running
from common.database import Database, migrate
from common.http import Request, Transport, open_transport
from common.service import installed_service
from subgraphs.inventory.domain.catalogue import Article, Money
from subgraphs.inventory.store import add_product
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

SERVICES = ("provider", "payments", "inventory", "jobs")
PATIENCE = 60.0  # seconds

RESERVE = """mutation ($key: String!) {
  reserveStock(input: { sku: "MUG", quantity: 2 }, idempotencyKey: $key) { ... on Reservation { id } } }"""
TOP_UP = 'mutation ($amount: Int!) { topUpWallet(amount: $amount, idempotencyKey: "k") { __typename } }'
CHECKOUT = """mutation ($reservation: ID!, $method: PaymentMethodInput!, $key: String!) {
  checkout(reservationId: $reservation, paymentMethod: $method, idempotencyKey: $key) {
    __typename
    ... on Checkout { id state }
    ... on InvalidInput { field }
  } }"""
LOOK = """query ($id: ID!) { checkout(id: $id) {
  state failure detail actionUrl version amount { amount currency }
  reservation { id checkout { id } } timeline { version message state } } }"""


@dataclass
class Shop:
    """What customers do; each call is an operation of `user` at a service."""

    transports: Mapping[str, Transport]
    issuer: Issuer
    database: Database

    async def ask(self, query: str, user: str = "ada", service: str = "payments", **variables: Any) -> Any:
        answer = await self.answer(query, {"sub": user}, service, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def answer(
        self, query: str, claims: Mapping[str, str], service: str = "payments", **variables: Any
    ) -> Any:
        authorization = f"Bearer {self.issuer.token(claims)}"
        headers = (("content-type", "application/json"), ("authorization", authorization))
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request("/graphql", body, headers=headers)
        return json.loads((await self.transports[service].send(request)).body)

    async def reserve(self, user: str = "ada", key: str = "k") -> str:
        held = await self.ask(RESERVE, user, "inventory", key=key)
        return str(held["reserveStock"]["id"])

    async def begin(
        self, reservation: str, user: str = "ada", key: str = "k", **method: str
    ) -> dict[str, Any]:
        begun = await self.ask(CHECKOUT, user, reservation=reservation, method=method, key=key)
        return dict(begun["checkout"])

    async def look(self, id_: str, user: str = "ada") -> Any:
        return (await self.ask(LOOK, user, id=id_))["checkout"]

    async def ended(self, id_: str, user: str = "ada") -> dict[str, Any]:
        return await self.until(id_, lambda found: found["state"] in {"COMPLETED", "FAILED"}, user)

    async def until(
        self, id_: str, is_there: Callable[[dict[str, Any]], bool], user: str = "ada"
    ) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            while not is_there(found := await self.look(id_, user)):  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.1)
        return dict(found)

    async def answer_bank(self, url: str, decision: str) -> None:
        parts = urlsplit(url)
        form = {"challenge": parts.query.removeprefix("challenge="), "decision": decision}
        path = parts.path.removeprefix("/provider")
        await self.transports["provider"].send(Request(path, urlencode(form).encode()))

    async def stock(self, reservation: str) -> str:
        found = await self.run(
            "SELECT state FROM inventory.reservation WHERE id = CAST(:id AS uuid)", id=reservation
        )
        return str(found.scalar_one())

    async def run(self, statement: str, **parameters: Any) -> Any:
        async with self.database.transaction() as transaction:
            return await transaction.execute(statement, parameters)


@pytest.fixture(scope="session")
def shop_template(create_database: Callable[..., str]) -> str:
    """A database with the schemas of all of them, to be copied."""
    url = create_database()

    async def prepare() -> None:
        for name in SERVICES:
            await migrate(url, schema=name, scripts=installed_service(name).migrations)
        database = Database.open(url, schema="inventory")
        mug = Article("MUG", "Enamel Mug", "Holds coffee on deck.", "Table", Money(1_000, "EUR"), 1_000)
        async with database.transaction() as transaction:
            await add_product(transaction, mug)
        await database.close()

    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, prepare()).result()
    return url


@pytest.fixture
async def shop(create_database: Callable[..., str], shop_template: str, nats_url: str) -> AsyncIterator[Shop]:
    url, issuer = create_database(template=shop_template), Issuer()
    environment = {
        "DATABASE_URL": url,
        "NATS_URL": nats_url,
        "HANSA_ISSUER": ISSUER,
        "HANSA_AUDIENCE": AUDIENCE,
        "HANSA_JWKS_URL": "app://issuer/jwks",
        "HANSA_KEY_ENCRYPTION_KEY": "A" * 43 + "=",
        "HANSA_CARD_KEY": "sk_test_lubeck",
        "HANSA_CARD_WEBHOOK_SECRET": "whsec_wismar",
        **{f"HANSA_{name.upper()}_URL": f"app://{name}/" for name in SERVICES},
    }
    apps: dict[str, Any] = {name: installed_service(name).create_app(environment) for name in SERVICES}
    everyone = {**apps, "issuer": issuer}
    async with AsyncExitStack() as stack:
        database = Database.open(url, schema="payments")
        stack.push_async_callback(database.close)
        for app in apps.values():
            app.state.apps = everyone
            await stack.enter_async_context(running(app))
        transports = {name: open_transport(f"app://{name}", apps=apps) for name in SERVICES}
        for transport in transports.values():
            stack.push_async_callback(transport.close)
        yield Shop(transports, issuer, database)
