"""Inventory and payments over HTTP with tokens: who is let in, and who may touch what is someone's."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest

from common.app import running
from common.database import Database
from common.http import Request, Response, Transport, open_transport
from subgraphs.inventory import app as inventory_app
from subgraphs.inventory import store
from subgraphs.inventory.domain import Article, Money
from subgraphs.payments import app as payments_app
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

SERVICES = {"inventory": inventory_app.service, "payments": payments_app.service}
MUTATIONS = {
    "inventory": """mutation { reserveStock(input: {sku: "MUG", quantity: 2}, idempotencyKey: "k") {
        ... on Reservation { id } } }""",
    "payments": """mutation { topUpWallet(amount: 5000, idempotencyKey: "k") { ... on Wallet { id } } }""",
}


Of = tuple[str, str]  # the type and the id of an entity


class Shop:
    """Both services, and an issuer whose tokens they accept."""

    def __init__(self, issuer: Issuer, doors: Mapping[str, Transport]) -> None:
        self.issuer = issuer
        self._doors = doors

    async def send(self, door: str, query: str, token: str | None = None, **variables: Any) -> Response:
        headers = [("content-type", "application/json")]
        if token is not None:
            headers.append(("authorization", f"Bearer {token}"))
        body = json.dumps({"query": query, "variables": variables}).encode()
        return await self._doors[door].send(Request(path="", body=body, headers=tuple(headers)))

    async def ask(self, door: str, query: str, user: str | None, **variables: Any) -> dict[str, Any]:
        token = self.issuer.token({"sub": user}) if user else None
        answer = await self.send(door, query, token, **variables)
        assert answer.status == 200
        return dict(json.loads(answer.body))


@pytest.fixture
async def shop(migrated_database: Callable[..., str], nats_url: str) -> AsyncIterator[Shop]:
    issuer, database_url = Issuer(), migrated_database(*SERVICES)
    environment = {
        "DATABASE_URL": database_url,
        "NATS_URL": nats_url,
        "HANSA_ISSUER": ISSUER,
        "HANSA_AUDIENCE": AUDIENCE,
        "HANSA_JWKS_URL": "app://issuer/jwks",
        "HANSA_KEY_ENCRYPTION_KEY": "A" * 43 + "=",
    }
    apps = {name: service.create_app(environment) for name, service in SERVICES.items()}
    async with AsyncExitStack() as stack:
        for app in apps.values():
            app.state.apps = {"issuer": issuer}
            await stack.enter_async_context(running(app))
        database = Database.open(database_url, schema="inventory")
        stack.push_async_callback(database.close)
        async with database.transaction() as transaction:
            mug = Article("MUG", "Mug", "Holds coffee.", "Table", Money(1_000, "EUR"), 10)
            await store.add_product(transaction, mug)
        doors = {name: open_transport(f"app://{name}/graphql", apps=apps) for name in apps}
        for door in doors.values():
            stack.push_async_callback(door.close)
        yield Shop(issuer, doors)


def unsigned(issuer: Issuer) -> str:
    header = base64.urlsafe_b64encode(b'{"typ":"at+jwt","alg":"none"}').rstrip(b"=").decode()
    return f"{header}.{issuer.token().split('.')[1]}."


TOKENS: Mapping[str, Callable[[Issuer], str]] = {
    "EXPIRED": lambda issuer: issuer.token({"exp": int(time.time()) - 60}),
    "WRONG_AUDIENCE": lambda issuer: issuer.token({"aud": "bank"}),
    "WRONG_ISSUER": lambda issuer: issuer.token({"iss": "https://evil.example"}),
    "WRONG_ALGORITHM": unsigned,
    "BAD_SIGNATURE": lambda _: Issuer().token(),
}


async def test_a_token_that_does_not_count_does_nothing(shop: Shop) -> None:
    for door, mutation in MUTATIONS.items():
        for reason, make in TOKENS.items():
            answer = await shop.send(door, mutation, make(shop.issuer))
            assert answer.status == 401, (door, reason)
            (error,) = json.loads(answer.body)["errors"]
            assert error["extensions"] == {"code": "UNAUTHENTICATED", "reason": reason}
        anonymous = await shop.ask(door, mutation, None)
        assert [error["extensions"]["code"] for error in anonymous["errors"]] == ["UNAUTHENTICATED"]
        assert "errors" not in await shop.ask(door, mutation, "ada"), "the key was not used up"


async def test_what_is_someones_is_seen_and_changed_by_no_other(shop: Shop) -> None:
    reservation = (await shop.ask("inventory", MUTATIONS["inventory"], "ada"))["data"]["reserveStock"]["id"]
    wallet = (await shop.ask("payments", MUTATIONS["payments"], "ada"))["data"]["topUpWallet"]["id"]
    payment = await payment_of(shop, reservation)
    for user, mine in (("ada", True), ("bob", False)):
        seen = {
            "reservation": await look(shop, "inventory", user, ("Reservation", reservation), "quantity"),
            "payment": await look(shop, "payments", user, ("Payment", payment), "state"),
            "wallet": await look(shop, "payments", user, ("Wallet", wallet), "id"),
        }
        assert {name: thing is not None for name, thing in seen.items()} == dict.fromkeys(seen, mine)
    for field, door in (("reservations { id }", "inventory"), ("payments { id }", "payments")):
        assert await refusals(shop, door, "bob", ("User", "ada"), field) == ["UNAUTHORIZED"]
    assert await refusals(shop, "payments", "bob", ("User", "ada"), "wallet { id }") == ["UNAUTHORIZED"]
    release = """mutation ($id: ID!) { releaseReservation(id: $id) {
        __typename ... on ReservationNotFound { code } } }"""
    released = await shop.ask("inventory", release, "bob", id=reservation)
    refusal = {"__typename": "ReservationNotFound", "code": "RESERVATION_NOT_FOUND"}
    assert released == {"data": {"releaseReservation": refusal}}


async def payment_of(shop: Shop, reservation: str) -> str:
    """The id of the payment that a checkout of the reservation leads to."""
    buy = """mutation ($id: ID!) {
        checkout(reservationId: $id, paymentMethod: {provider: WALLET}, idempotencyKey: "k") { __typename } }"""
    await shop.ask("payments", buy, "ada", id=reservation)
    async with asyncio.timeout(30):
        while True:
            entity = await look(shop, "payments", "ada", ("Reservation", reservation), "payment { id }")
            if entity["payment"]:
                return str(entity["payment"]["id"])
            await asyncio.sleep(0.05)


async def look(shop: Shop, door: str, user: str, of: Of, field: str) -> Any:
    answer = await entity(shop, door, user, of, field)
    assert "errors" not in answer
    return answer["data"]["_entities"][0]


async def refusals(shop: Shop, door: str, user: str, of: Of, field: str) -> list[str]:
    answer = await entity(shop, door, user, of, field)
    return [error["extensions"]["code"] for error in answer["errors"]]


async def entity(shop: Shop, door: str, user: str, of: Of, field: str) -> dict[str, Any]:
    kind, id_ = of
    query = f"query ($of: [_Any!]!) {{ _entities(representations: $of) {{ ... on {kind} {{ {field} }} }} }}"
    return await shop.ask(door, query, user, of=[{"__typename": kind, "id": id_}])
