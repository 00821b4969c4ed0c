"""Whatever is sent to inventory, it answers as its contract says and never with a defect."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from common.database import Database
from subgraphs.inventory.api import schema
from subgraphs.inventory.app import service as description
from subgraphs.inventory.domain import Article, Money
from subgraphs.inventory.domain.stock import MAX_PIECES
from subgraphs.inventory.domain.warehousing import StockMove, Warehouse
from subgraphs.inventory.service.warehousing import Warehousing
from subgraphs.inventory.store import add_product
from tests.fuzz.services.fuzzing import (
    REFUSALS,
    Running,
    doors,
    graph,
    in_a_loop_of_its_own,
    quick,
    representations,
)
from tests.integration.inventory.conftest import UNEQUAL

SERVICE = "inventory"
DOORS, GRAPH = doors(description), graph(schema)
ENTITIES = """query ($of: [_Any!]!, $first: Int! = 20) { _entities(representations: $of) {
  ... on Product { id sku variants { sku } stock { available } }
  ... on ProductVariant { id sku product { name } stockByWarehouse { level { onHand } } }
  ... on Warehouse { name }
  ... on Transfer { isOpen source { name } }
  ... on Reservation { state product { name } lines { variant { sku } } owner { id } }
  ... on User { reservations(first: $first) { id } } } }"""

NAMES = ("MUG", "ROPE", "TEA", "BOX")
LEVELS = "sku stock { onHand available incoming } stockByWarehouse { level { available } } product { stock { onHand } }"
MOVED = f"{{ __typename ... on StockMoved {{ variants {{ {LEVELS} }} }} }}"
VARIANT = f"{{ __typename ... on ProductVariant {{ {LEVELS} }} }}"
WORK = {
    "moveStock": f"""($move: StockMove!, $at: String!, $lines: [StockLine!]!, $key: String!) {{
        moveStock(input: {{move: $move, warehouse: $at, lines: $lines}}, idempotencyKey: $key) {MOVED} }}""",
    "adjustStock": f"($changes: [StockChange!]!) {{ adjustStock(changes: $changes) {MOVED} }}",
    "countStock": f"""($at: String!, $token: Int!, $lines: [StockLine!]!) {{
        startStocktake(warehouse: $at) {{ __typename }}
        countStock(warehouse: $at, token: $token, counts: $lines) {MOVED}
        closeStocktake(warehouse: $at, token: $token) }}""",
    "sendTransfer": """($at: String!, $to: String!, $lines: [StockLine!]!, $key: String!) {
        sendTransfer(input: {source: $at, target: $to, lines: $lines}, idempotencyKey: $key) {
            __typename ... on Transfer { isOpen source { name } lines { quantity } } } }""",
    "setStockPolicy": """($sku: String!, $at: String!, $a: Int!, $b: Int!, $c: Int!) {
        setStockPolicy(input: {sku: $sku, warehouse: $at, safetyStock: $a, backorderLimit: $b, lowAt: $c}) {
            __typename ... on WarehouseStock { level { available } } } }""",
    "splitStock": f"($sku: String!, $a: Int!) {{ splitStock(sku: $sku, parts: $a) {VARIANT} }}",
    "putBundle": f"($sku: String!, $lines: [StockLine!]!) {{ putBundle(sku: $sku, parts: $lines) {VARIANT} }}",
    "putQuota": """($sku: String!, $at: String!, $a: Int!) {
        putQuota(sku: $sku, region: $at, granted: $a) { __typename ... on Quota { granted used } } }""",
    "setPurchaseLimit": f"""($sku: String!, $a: Int!, $b: Int!) {{
        setPurchaseLimit(sku: $sku, pieces: $a, seconds: $b) {VARIANT} }}""",
    "putWarehouse": """($at: String!, $to: String!, $a: Int!) {
        putWarehouse(input: {id: "EAST", name: $at, region: $to, priority: $a}) { __typename } }""",
    "reserveStock": """($lines: [ReserveStockLine!]!, $key: String!) {
        reserveStock(input: {lines: $lines}, idempotencyKey: $key) { __typename ... on Reservation { total { amount } } } }""",
}
skus = st.sampled_from([*NAMES, *NAMES, " MUG ", "NONE", "", "\0"])
warehouses = st.sampled_from(["MAIN", "MAIN", "SOUTH", "NOWHERE", "main", "\0", ""])
pieces = st.integers(1, 9) | st.sampled_from(
    [0, -1, 1000, MAX_PIECES - 1, MAX_PIECES, MAX_PIECES + 1, 2**31 - 1, -(2**31)]
)
line = st.fixed_dictionaries({"sku": skus, "quantity": pieces})
change = st.fixed_dictionaries(
    {
        "sku": skus,
        "warehouse": warehouses,
        "quantity": pieces,
        "compareQuantity": st.sampled_from([0, 20, 100]) | pieces,
    }
)
values = st.fixed_dictionaries(
    {
        "sku": skus,
        "at": warehouses,
        "to": warehouses,
        "move": st.sampled_from([move.value for move in StockMove]),
        "lines": st.lists(line, max_size=3),
        "changes": st.lists(change, max_size=3),
        "key": st.uuids().map(str) | st.text(max_size=2),
        "token": st.integers(1, 3) | pieces,
        "a": pieces,
        "b": pieces,
        "c": pieces,
    }
)


@pytest.fixture(scope="module")
def service(service: Running, environment: Mapping[str, str]) -> Running:
    """With articles to sell, some of which are in a second warehouse."""

    async def stock_up() -> None:
        database = Database.open(environment["DATABASE_URL"], schema="inventory")
        await Warehousing(database).put_warehouse(Warehouse("SOUTH", "South", "US", 2))
        async with database.transaction() as transaction:
            for sku in NAMES:
                article = Article(sku, sku, "", "", Money(1450, "EUR"), 20 * (sku != "BOX"))
                await add_product(transaction, article)
        await database.close()

    in_a_loop_of_its_own(stock_up)
    return service


@pytest.fixture(scope="module")
def shop(service: Running, operator: str, environment: Mapping[str, str]) -> Iterator[Running]:
    """The same for someone with the scopes; whatever was done, each level is the sum of its movements."""
    yield Running(service.url, operator)

    async def audit() -> None:
        database = Database.open(environment["DATABASE_URL"], schema="inventory")
        async with database.transaction() as transaction:
            assert (await transaction.execute(UNEQUAL)).all() == []
        await database.close()

    in_a_loop_of_its_own(audit)


@DOORS.parametrize()
@quick
def test_the_doors_do_what_their_description_says(case: Any, service: Running) -> None:
    case.call_and_validate(base_url=service.url)


@DOORS.parametrize()
@quick
def test_the_doors_do_so_for_those_who_may_come_in(case: Any, shop: Running) -> None:
    # No schema says what is CSV. The door without a token, which the tool looks for by sending the token, is in
    # tests/integration/inventory/test_doors.py.
    excluded = [ignored_auth, positive_data_acceptance] if case.method == "PUT" else [ignored_auth]
    headers = {"authorization": f"Bearer {shop.token}"}
    case.call_and_validate(base_url=shop.url, headers=headers, excluded_checks=excluded)


@pytest.mark.parametrize("signed_in", [False, True])
@GRAPH.parametrize()
@quick
def test_every_operation_is_answered(case: Any, shop: Running, *, signed_in: bool) -> None:
    assert shop.codes(case.body, signed_in=signed_in) <= REFUSALS


@settings(quick, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(sorted(WORK)), values), min_size=1, max_size=4))
def test_work_in_the_house_is_done_or_refused(shop: Running, steps: list[tuple[str, dict[str, Any]]]) -> None:
    for name, given_values in steps:
        text = WORK[name]
        variables = {key: value for key, value in given_values.items() if f"${key}:" in text}
        assert shop.codes(f"mutation {text}", signed_in=True, **variables) <= REFUSALS, name


@quick
@given(
    representations(
        "Product", "ProductVariant", "Reservation", "User", id=st.uuids().map(str), sku=st.text(max_size=5)
    ),
    st.integers(-(2**31), 2**31 - 1),
    st.booleans(),
)
def test_no_representation_is_a_defect(service: Running, of: list[Any], first: int, signed_in: bool) -> None:  # noqa: FBT001 - Hypothesis gives it by place
    codes = service.codes(ENTITIES, signed_in=signed_in, of=of, first=first)
    assert codes <= {"INVALID_REPRESENTATION", "INVALID_INPUT", "UNAUTHENTICATED", "UNAUTHORIZED"}
