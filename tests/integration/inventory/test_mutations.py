"""What those with `inventory:write` do through the graph: the outcomes are typed, and nobody else gets so far."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from strawberry.types import ExecutionResult

from common.errors import DomainError

Ask = Callable[..., Awaitable[ExecutionResult]]

MOVED = "... on StockMoved { variants { sku stock { available unavailable } } }"
REFUSED = """__typename ... on InvalidInput { field } ... on ProductNotFound { sku } ... on WarehouseNotFound { warehouseId }
    ... on InsufficientStock { shortages { sku requested available } }"""
MOVE = f"""mutation ($move: StockMove = RECEIVE, $to: String = "MAIN", $sku: String = "MUG", $n: Int = 5, $key: String = "k") {{
    moveStock(input: {{ move: $move, warehouse: $to, lines: [{{ sku: $sku, quantity: $n }}] }}, idempotencyKey: $key) {{
        {REFUSED.replace("... on InvalidInput { field }", "... on InvalidInput { field } ... on IdempotencyKeyReused { code }")}
        {MOVED} }} }}"""
ADJUST = f"""mutation ($sku: String = "MUG", $at: String = "MAIN", $n: Int = 9, $of: Int = 20) {{
    adjustStock(changes: [{{ sku: $sku, warehouse: $at, quantity: $n, compareQuantity: $of }}]) {{
        __typename ... on InvalidInput {{ field }} ... on ProductNotFound {{ sku }}
        ... on WarehouseNotFound {{ warehouseId }}
        ... on StaleQuantity {{ code lines {{ sku warehouse compared available }} }} {MOVED} }} }}"""
POLICY = """mutation ($sku: String = "MUG", $at: String = "MAIN", $n: Int = 2) {
    setStockPolicy(input: { sku: $sku, warehouse: $at, safetyStock: $n, lowAt: 5 }) {
        __typename ... on InvalidInput { field } ... on ProductNotFound { sku } ... on WarehouseNotFound { warehouseId }
        ... on WarehouseStock { safetyStock backorderLimit lowAt level { available } warehouse { id region } } } }"""
SEND = """mutation ($to: String = "SOUTH", $n: Int = 4, $key: String = "k") {
    sendTransfer(input: { source: "MAIN", target: $to, lines: [{ sku: "MUG", quantity: $n }] }, idempotencyKey: $key) {
        __typename ... on InvalidInput { field } ... on WarehouseNotFound { warehouseId }
        ... on InsufficientStock { shortages { sku } }
        ... on Transfer { id isOpen source { id } target { name } lines { sku quantity received lost } } } }"""
RECEIVE = """mutation ($id: ID!, $n: Int = 3, $key: String = "r") {
    receiveTransfer(id: $id, lines: [{ sku: "MUG", received: $n, lost: 1 }], idempotencyKey: $key) {
        __typename ... on InvalidInput { field } ... on TransferNotFound { code }
        ... on Transfer { isOpen lines { received lost } } } }"""
WAREHOUSE = """mutation ($id: ID = "SOUTH") { putWarehouse(input: { id: $id, name: "South", region: "US", priority: 2 }) {
    __typename ... on InvalidInput { field } ... on Warehouse { id name region priority } } }"""
SHIP = "mutation ($id: ID!) { shipReservation(id: $id) { __typename ... on ReservationNotFound { code } } }"
BUNDLE = """mutation ($sku: String = "MUG") { putBundle(sku: $sku, parts: [{ sku: "ROPE", quantity: 1 }]) {
    __typename ... on InvalidInput { field } ... on ProductNotFound { sku } } }"""
SPLIT = """mutation ($sku: String = "MUG", $n: Int = 4) { splitStock(sku: $sku, parts: $n) {
    __typename ... on InvalidInput { field } ... on ProductNotFound { sku } ... on ProductVariant { sku } } }"""
QUOTA = """mutation ($sku: String = "MUG", $n: Int = 4) { putQuota(sku: $sku, region: "EU", granted: $n) {
    __typename ... on InvalidInput { field } ... on ProductNotFound { sku }
    ... on Quota { sku region granted used } } }"""
START = """mutation ($at: String = "MAIN") { startStocktake(warehouse: $at) {
    __typename ... on InvalidInput { field } ... on WarehouseNotFound { warehouseId } ... on StocktakeTaken { code }
    ... on Stocktake { token } } }"""
COUNT = f"""mutation ($token: Int = 1, $sku: String = "MUG", $n: Int = 3) {{
    countStock(warehouse: "MAIN", token: $token, counts: [{{ sku: $sku, quantity: $n }}]) {{
        {REFUSED} ... on StocktakeLost {{ code }} {MOVED} }} }}"""
CLOSE = 'mutation { closeStocktake(warehouse: "MAIN", token: 1) }'


async def keep(ask: Ask, mutation: str, **variables: Any) -> Any:
    """What the mutation answers the keeper."""
    result = await ask(mutation, "keeper", **variables)
    assert result.errors is None
    assert result.data is not None
    [answer] = result.data.values()
    return answer


def moved(available: int, unavailable: int = 0, sku: str = "MUG") -> dict[str, Any]:
    stock = {"available": available, "unavailable": unavailable}
    return {"__typename": "StockMoved", "variants": [{"sku": sku, "stock": stock}]}


@pytest.mark.parametrize(
    "mutation",
    [MOVE, ADJUST, POLICY, SEND, RECEIVE, WAREHOUSE, SHIP, BUNDLE, SPLIT, QUOTA, START, COUNT, CLOSE],
)
async def test_only_those_who_may_write_get_so_far(ask: Ask, mutation: str) -> None:
    for user, code in ((None, "UNAUTHENTICATED"), ("ada", "UNAUTHORIZED"), ("clerk", "UNAUTHORIZED")):
        result = await ask(mutation, user, **({"id": str(uuid4())} if "$id: ID!" in mutation else {}))
        assert result.errors
        error = result.errors[0].original_error
        assert isinstance(error, DomainError)
        assert error.code == code


@pytest.mark.parametrize(
    ("mutation", "variables", "answer"),
    [
        (MOVE, {}, moved(25)),
        (MOVE, {"move": "SET_ASIDE", "sku": " MUG "}, moved(15, 5)),
        (MOVE, {"move": "SCRAP"}, {"__typename": "InsufficientStock", "shortages": [{"sku": "MUG", "requested": 5, "available": 0}]}),
        (MOVE, {"sku": "NONE"}, {"__typename": "ProductNotFound", "sku": "NONE"}),
        (MOVE, {"to": "NONE"}, {"__typename": "WarehouseNotFound", "warehouseId": "NONE"}),
        (MOVE, {"to": "\0"}, {"__typename": "InvalidInput", "field": "warehouse"}),
        (MOVE, {"n": 0}, {"__typename": "InvalidInput", "field": "quantity"}),
        (MOVE, {"key": ""}, {"__typename": "InvalidInput", "field": "idempotencyKey"}),
        (ADJUST, {}, moved(9)),
        (ADJUST, {"of": 19}, {"__typename": "StaleQuantity", "code": "STALE_QUANTITY", "lines": [
            {"sku": "MUG", "warehouse": "MAIN", "compared": 19, "available": 20}]}),
        (ADJUST, {"sku": "NONE"}, {"__typename": "ProductNotFound", "sku": "NONE"}),
        (ADJUST, {"at": "\0"}, {"__typename": "WarehouseNotFound", "warehouseId": "\0"}),
        (ADJUST, {"n": -1}, {"__typename": "InvalidInput", "field": "quantity"}),
        (POLICY, {}, {"__typename": "WarehouseStock", "safetyStock": 2, "backorderLimit": 0, "lowAt": 5,
            "level": {"available": 18}, "warehouse": {"id": "MAIN", "region": "EU"}}),
        (POLICY, {"n": -1}, {"__typename": "InvalidInput", "field": "safetyStock"}),
        (POLICY, {"at": "NONE"}, {"__typename": "WarehouseNotFound", "warehouseId": "NONE"}),
        (SEND, {}, {"__typename": "WarehouseNotFound", "warehouseId": "SOUTH"}),
        (SEND, {"to": "MAIN"}, {"__typename": "InvalidInput", "field": "target"}),
        (RECEIVE, {"id": str(uuid4())}, {"__typename": "TransferNotFound", "code": "TRANSFER_NOT_FOUND"}),
        (RECEIVE, {"id": "nonsense"}, {"__typename": "TransferNotFound", "code": "TRANSFER_NOT_FOUND"}),
        (WAREHOUSE, {}, {"__typename": "Warehouse", "id": "SOUTH", "name": "South", "region": "US", "priority": 2}),
        (WAREHOUSE, {"id": "south"}, {"__typename": "InvalidInput", "field": "id"}),
        (SHIP, {"id": str(uuid4())}, {"__typename": "ReservationNotFound", "code": "RESERVATION_NOT_FOUND"}),
        (SHIP, {"id": "nonsense"}, {"__typename": "ReservationNotFound", "code": "RESERVATION_NOT_FOUND"}),
        (BUNDLE, {}, {"__typename": "InvalidInput", "field": "sku"}),
        (BUNDLE, {"sku": "NONE"}, {"__typename": "ProductNotFound", "sku": "NONE"}),
        (SPLIT, {}, {"__typename": "ProductVariant", "sku": "MUG"}),
        (SPLIT, {"n": 1}, {"__typename": "InvalidInput", "field": "parts"}),
        (SPLIT, {"sku": "NONE"}, {"__typename": "ProductNotFound", "sku": "NONE"}),
        (QUOTA, {}, {"__typename": "Quota", "sku": "MUG", "region": "EU", "granted": 4, "used": 0}),
        (QUOTA, {"n": -1}, {"__typename": "InvalidInput", "field": "granted"}),
        (START, {}, {"__typename": "Stocktake", "token": 1}),
        (START, {"at": "NONE"}, {"__typename": "WarehouseNotFound", "warehouseId": "NONE"}),
        (START, {"at": ""}, {"__typename": "InvalidInput", "field": "warehouse"}),
        (COUNT, {}, {"__typename": "StocktakeLost", "code": "STOCKTAKE_LOST"}),
    ],
)  # fmt: skip
async def test_each_outcome_is_typed(ask: Ask, mutation: str, variables: dict[str, Any], answer: Any) -> None:
    assert await keep(ask, mutation, **variables) == answer


async def test_a_transfer_is_sent_seen_and_received(ask: Ask) -> None:
    await keep(ask, WAREHOUSE)
    short = await keep(ask, SEND, n=21, key="too many")
    assert short == {"__typename": "InsufficientStock", "shortages": [{"sku": "MUG"}]}
    sent = await keep(ask, SEND)
    assert (sent["isOpen"], sent["source"], sent["target"]) == (True, {"id": "MAIN"}, {"name": "South"})
    seen = await ask(
        "query ($id: ID!) { transfer(id: $id) { isOpen lines { quantity } } }", "clerk", id=sent["id"]
    )
    assert seen.data == {"transfer": {"isOpen": True, "lines": [{"quantity": 4}]}}
    refused = await keep(ask, RECEIVE, id=sent["id"], n=4, key="too many")
    assert refused == {"__typename": "InvalidInput", "field": "lines"}
    received = await keep(ask, RECEIVE, id=sent["id"])
    assert (received["isOpen"], received["lines"]) == (False, [{"received": 3, "lost": 1}])


async def test_a_stocktake_is_one_persons(ask: Ask) -> None:
    assert await keep(ask, START) == {"__typename": "Stocktake", "token": 1}
    assert await keep(ask, START) == {"__typename": "StocktakeTaken", "code": "STOCKTAKE_TAKEN"}
    assert await keep(ask, COUNT) == moved(3)
    assert await keep(ask, COUNT, sku="NONE") == {"__typename": "ProductNotFound", "sku": "NONE"}
    assert await keep(ask, COUNT, n=-1) == {"__typename": "InvalidInput", "field": "quantity"}
    assert await keep(ask, CLOSE) is True
    assert await keep(ask, COUNT) == {"__typename": "StocktakeLost", "code": "STOCKTAKE_LOST"}


async def test_a_key_is_one_requests(ask: Ask) -> None:
    assert await keep(ask, MOVE) == moved(25)
    assert await keep(ask, MOVE) == moved(25)
    reused = await keep(ask, MOVE, n=6)
    assert reused == {"__typename": "IdempotencyKeyReused", "code": "IDEMPOTENCY_KEY_REUSED"}


async def test_several_lines_are_reserved_through_the_graph(ask: Ask) -> None:
    reserve = """mutation ($input: ReserveStockInput!) { reserveStock(input: $input, idempotencyKey: "k") {
        __typename ... on InvalidInput { field } ... on InsufficientStock { shortages { sku requested available } }
        ... on Reservation { quantity total { amount } lines { quantity unitPrice { amount } variant { sku } } } } }"""
    lines = [{"sku": "MUG", "quantity": 1}, {"sku": "ROPE", "quantity": 2}]
    for given in ({"lines": lines, "sku": "MUG"}, {"sku": "MUG"}, {}):
        result = await ask(reserve, input=given)
        assert result.data == {"reserveStock": {"__typename": "InvalidInput", "field": "lines"}}
    result = await ask(reserve, input={"lines": lines})
    assert result.data is not None
    assert result.data["reserveStock"] == {
        "__typename": "Reservation",
        "quantity": 3,
        "total": {"amount": 1450 + 2 * 5900},
        "lines": [
            {"quantity": 1, "unitPrice": {"amount": 1450}, "variant": {"sku": "MUG"}},
            {"quantity": 2, "unitPrice": {"amount": 5900}, "variant": {"sku": "ROPE"}},
        ],
    }
