"""Guarantees 8 and 9 of inventory's README: who sees what, what a batch costs; and the public contract."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from strawberry.types import ExecutionResult

from common.database.testing import count_statements
from common.errors import DomainError
from subgraphs.inventory.api import schema
from subgraphs.inventory.domain import Reservation
from subgraphs.inventory.domain.warehousing import Policy
from subgraphs.inventory.service.services import Services

Ask = Callable[..., Awaitable[ExecutionResult]]
Hold = Callable[..., Awaitable[Reservation]]

ENTITIES = "query ($of: [_Any!]!) { _entities(representations: $of) { __typename %s } }"


def code(result: ExecutionResult) -> str:
    assert result.errors
    error = result.errors[0].original_error
    assert isinstance(error, DomainError)
    return error.code


def test_the_committed_schema_is_the_schema() -> None:
    committed = Path(__file__).parents[3] / "subgraphs/inventory/schema.graphql"
    assert committed.read_text() == schema.as_str() + "\n"


async def test_products_and_their_stock_are_two_statements(ask: Ask) -> None:
    with count_statements() as statements:
        result = await ask(
            "{ products { edges { node { sku price { amount } stock { available } } } pageInfo { hasNextPage } } }",
            "clerk",
        )
    assert result.errors is None
    assert result.data is not None
    assert [edge["node"]["sku"] for edge in result.data["products"]["edges"]] == ["TEA", "MUG", "ROPE"]
    assert len(statements) == 2


async def test_a_product_is_found_by_id_or_by_sku(ask: Ask) -> None:
    by_sku = await ask('{ product(sku: "MUG") { id name } }', None)
    assert by_sku.data is not None
    id_ = by_sku.data["product"]["id"]
    by_id = await ask(
        "query ($id: ID) { product(id: $id) { sku stock { onHand available } } }", "clerk", id=id_
    )
    assert by_id.data == {"product": {"sku": "MUG", "stock": {"onHand": 20, "available": 20}}}
    for nothing in ('id: "nonsense"', 'sku: "none"', 'sku: "\\u0000"'):
        assert (await ask(f"{{ product({nothing}) {{ id }} }}", None)).data == {"product": None}
    assert code(await ask("{ product { id } }", None)) == "INVALID_INPUT"


async def test_a_batch_of_product_entities_is_one_statement_and_one_for_stock(
    ask: Ask, services: Services
) -> None:
    products = (await services.catalogue.list_products(3, None, None)).products
    representations = [
        {"__typename": "Product", "id": id_} for id_ in (*(str(product.id) for product in products), "none")
    ]
    with count_statements() as statements:
        result = await ask(
            ENTITIES % "... on Product { sku stock { available } }", "clerk", of=representations
        )
    assert result.errors is None
    assert result.data is not None
    assert [entity and entity["sku"] for entity in result.data["_entities"]] == ["TEA", "MUG", "ROPE", None]
    assert len(statements) == 2


async def test_a_batch_that_names_variants_by_id_and_by_sku_is_one_statement_and_one_for_stock(
    ask: Ask, services: Services
) -> None:
    tea, mug, rope = (
        product.variants[0] for product in (await services.catalogue.list_products(3, None, None)).products
    )
    keys = [{"id": str(tea.id)}, {"sku": mug.sku}, {"id": str(mug.id)}, {"sku": rope.sku}, {"sku": "none"}]
    with count_statements() as statements:
        result = await ask(
            ENTITIES % "... on ProductVariant { sku stock { available } }",
            "clerk",
            of=[{"__typename": "ProductVariant", **key} for key in keys],
        )
    assert result.errors is None
    assert result.data is not None
    found = [entity and (entity["sku"], entity["stock"]["available"]) for entity in result.data["_entities"]]
    assert found == [("TEA", 100), ("MUG", 20), ("MUG", 20), ("ROPE", 5), None]
    assert len(statements) == 2


async def test_a_page_of_a_search_and_their_stock_are_two_statements(ask: Ask) -> None:
    query = """query ($after: String) { products(first: 1, after: $after, search: "coffee or harbours") {
        edges { node { sku availability } } pageInfo { hasNextPage endCursor } } }"""
    first = await ask(query, None)
    assert first.data is not None
    with count_statements() as statements:
        result = await ask(query, None, after=first.data["products"]["pageInfo"]["endCursor"])
    assert result.errors is None
    assert len(statements) == 2


async def test_reservations_are_seen_by_their_owner_alone(ask: Ask, hold: Hold) -> None:
    held = await hold(owner="ada", quantity=2)
    query = "query ($id: ID!) { reservation(id: $id) { state quantity total { amount } product { sku } owner { id } } }"
    own = await ask(query, "ada", id=str(held.id))
    assert own.data == {
        "reservation": {
            "state": "HELD",
            "quantity": 2,
            "total": {"amount": 2900},
            "product": {"sku": "MUG"},
            "owner": {"id": "ada"},
        }
    }
    assert (await ask(query, "bob", id=str(held.id))).data == {"reservation": None}
    assert (await ask(query, "ada", id=str(uuid4()))).data == {"reservation": None}
    assert code(await ask(query, None, id=str(held.id))) == "UNAUTHENTICATED"
    representations = [{"__typename": "Reservation", "id": str(held.id)}]
    for user, seen in (("ada", {"__typename": "Reservation", "quantity": 2}), ("bob", None), (None, None)):
        result = await ask(
            ENTITIES % "... on Reservation { quantity }", user, of=list(map(dict, representations))
        )
        assert result.data == {"_entities": [seen]}


async def test_reservations_of_a_user_are_two_statements_and_only_ones_own(ask: Ask, hold: Hold) -> None:
    newest = [str((await hold(owner="ada", key=str(number))).id) for number in range(4)][::-1]
    users = [{"__typename": "User", "id": "ada"}]
    query = ENTITIES % "... on User { reservations(first: 3) { id product { name } } }"
    with count_statements() as statements:
        result = await ask(query, "ada", of=users)
    assert result.errors is None
    assert result.data is not None
    assert [found["id"] for found in result.data["_entities"][0]["reservations"]] == newest[:3]
    assert len(statements) == 2
    others = await ask(query, "bob", of=[{"__typename": "User", "id": "ada"}])
    assert code(others) == "UNAUTHORIZED"
    assert others.data == {"_entities": [{"__typename": "User", "reservations": None}]}


async def test_a_batch_of_reservation_entities_is_one_statement_and_one_for_products(
    ask: Ask, hold: Hold
) -> None:
    ids = [str((await hold(owner="ada", key=str(number))).id) for number in range(5)]
    representations = [{"__typename": "Reservation", "id": id_} for id_ in [*ids, "nonsense"]]
    with count_statements() as statements:
        result = await ask(ENTITIES % "... on Reservation { id product { sku } }", "ada", of=representations)
    assert result.errors is None
    assert result.data is not None
    assert [entity and entity["id"] for entity in result.data["_entities"]] == [*ids, None]
    assert len(statements) == 2


RESERVE = """
mutation ($sku: String!, $quantity: Int!, $key: String!) {
  reserveStock(input: { sku: $sku, quantity: $quantity }, idempotencyKey: $key) {
    __typename
    ... on Reservation { id state }
    ... on InsufficientStock { code requested available }
    ... on ProductNotFound { code sku }
    ... on InvalidInput { code field }
    ... on IdempotencyKeyReused { code }
  }
}
"""


@pytest.mark.parametrize(
    ("sku", "quantity", "key", "outcome"),
    [
        ("ROPE", 6, "k", {"__typename": "InsufficientStock", "code": "INSUFFICIENT_STOCK", "requested": 6, "available": 5}),
        ("NONE", 1, "k", {"__typename": "ProductNotFound", "code": "PRODUCT_NOT_FOUND", "sku": "NONE"}),
        ("MUG", 0, "k", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "quantity"}),
        ("MUG", -1, "k", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "quantity"}),
        ("MUG", 1001, "k", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "quantity"}),
        ("\0", 1, "k", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "sku"}),
        ("M" * 65, 1, "k", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "sku"}),
        ("MUG", 1, "", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "idempotencyKey"}),
        ("MUG", 1, "k" * 201, {"__typename": "InvalidInput", "code": "INVALID_INPUT", "field": "idempotencyKey"}),
        ("MUG", 2, "used", {"__typename": "IdempotencyKeyReused", "code": "IDEMPOTENCY_KEY_REUSED"}),
    ],
)  # fmt: skip
async def test_what_cannot_be_reserved_is_a_typed_outcome(
    ask: Ask, hold: Hold, sku: str, quantity: int, key: str, *, outcome: dict[str, Any]
) -> None:
    await hold(owner="ada", key="used", quantity=1)
    result = await ask(RESERVE, "ada", sku=sku, quantity=quantity, key=key)
    assert result.errors is None
    assert result.data == {"reserveStock": outcome}


async def test_reserving_and_releasing_need_a_caller(ask: Ask) -> None:
    assert code(await ask(RESERVE, None, sku="MUG", quantity=1, key="k")) == "UNAUTHENTICATED"
    assert (
        code(await ask('mutation { releaseReservation(id: "x") { __typename } }', None)) == "UNAUTHENTICATED"
    )


@pytest.mark.parametrize("mutation", ["releaseReservation", "extendReservation"])
async def test_a_release_and_an_extension_have_typed_outcomes(ask: Ask, mutation: str) -> None:
    made = await ask(RESERVE, "ada", sku="MUG", quantity=1, key="k")
    assert made.data is not None
    change = f"""mutation ($id: ID!) {{ outcome: {mutation}(id: $id) {{
        __typename ... on ReservationEnded {{ state code }} ... on ReservationNotFound {{ code }} }} }}"""
    id_ = made.data["reserveStock"]["id"]
    outcomes = [
        ("bob", id_, {"__typename": "ReservationNotFound", "code": "RESERVATION_NOT_FOUND"}),
        ("ada", "nonsense", {"__typename": "ReservationNotFound", "code": "RESERVATION_NOT_FOUND"}),
        ("ada", id_, {"__typename": "Reservation"}),
    ]
    for user, id_, outcome in outcomes:
        assert (await ask(change, user, id=id_)).data == {"outcome": outcome}
    await ask(change.replace(mutation, "releaseReservation"), "ada", id=id_)
    ended = {"__typename": "ReservationEnded", "state": "RELEASED", "code": "RESERVATION_ENDED"}
    assert (await ask(change, "ada", id=id_)).data == {"outcome": ended}


STOCK = """{ product(sku: "ROPE") { availability in: availability(region: "EU") out: availability(region: "US")
    stock { available } variants { sku availability stock { available } stockByWarehouse { level { onHand } } } } }"""


async def test_everyone_learns_whether_there_is_some_and_only_those_who_may_how_many(
    ask: Ask, services: Services
) -> None:
    for user in ("clerk", "keeper"):
        result = await ask(STOCK, user)
        assert result.errors is None
        assert result.data is not None
        assert result.data["product"]["stock"] == {"available": 5}
        assert result.data["product"]["variants"][0]["stockByWarehouse"] == [{"level": {"onHand": 5}}]
    for user, refusal in (("ada", "UNAUTHORIZED"), (None, "UNAUTHENTICATED")):
        result = await ask(STOCK, user)
        assert code(result) == refusal
        assert result.data is not None
        assert result.data["product"] == {
            "availability": "IN_STOCK",
            "in": "IN_STOCK",
            "out": "OUT",
            "stock": None,
            "variants": [
                {"sku": "ROPE", "availability": "IN_STOCK", "stock": None, "stockByWarehouse": None}
            ],
        }
    for low_at, hint in ((4, "IN_STOCK"), (5, "LOW")):
        await services.warehousing.set_policy("ROPE", "MAIN", Policy(0, 0, low_at))
        result = await ask(STOCK, None)
        assert result.data is not None
        assert result.data["product"]["availability"] == hint
    await services.reservations.reserve("ada", "ROPE", 5, "all")
    result = await ask(STOCK, None)
    assert result.data is not None
    assert result.data["product"]["availability"] == "OUT"
