"""Each event of a subscription becomes one response (GraphQL, section 6.2.3.2)."""

from typing import Any

import msgspec

from gateway.execution import ExecutionResult, RequestContext
from gateway.planning.plan import EntityFetch, Fetch, Representation, RequiredField, Subscription
from tests.unit.execution.conftest import Answers, Router, make_path, make_router

SDL = """
type Query { ok: Boolean }
type Subscription { priceChanged(of: ID): Product }
type Product { id: ID! price: Int! name: String stock: Int! }
"""
PRIMARY = Fetch(
    id=0,
    subgraph="prices",
    operation_kind="subscription",
    document="subscription($of: ID) { priceChanged(of: $of) { __typename id price } }",
    variables=("of",),
)
NAMES = Fetch(
    id=1,
    subgraph="catalog",
    operation_kind="query",
    document="query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Product { name } } }",
    entities=(
        EntityFetch(
            alias="_entities",
            variable="representations",
            paths=(make_path("priceChanged"),),
            representations=(Representation("Product", ("Product",), (RequiredField("id", "id"),)),),
        ),
    ),
)


def subscription(fields: str, **answers: Answers) -> Router:
    node = Subscription(PRIMARY, NAMES if answers else None)
    return make_router(
        SDL, f"subscription($of: ID) {{ priceChanged(of: $of) {{ {fields} }} }}", node, **answers
    )


async def respond(router: Router, event: Any) -> ExecutionResult:
    events = router.compiled.events
    assert events is not None
    context = RequestContext(transports=router.subgraphs, headers=lambda _: ())
    return await events.execute(
        event if isinstance(event, bytes) else msgspec.json.encode(event), {}, context
    )


def changed(**product: Any) -> dict[str, Any]:
    return {"data": {"priceChanged": {"__typename": "Product", "id": "1", "price": 5, **product}}}


def test_the_source_stream_is_asked_for_with_the_variables_of_its_field() -> None:
    events = subscription("price").compiled.events
    assert events is not None
    assert events.subgraph == "prices"
    assert msgspec.json.decode(events.request({"of": "1", "other": 2})) == {
        "query": PRIMARY.document,
        "variables": {"of": "1"},
    }


async def test_an_event_is_completed_in_the_operations_order_without_what_only_plans_need() -> None:
    result = await respond(subscription("price key: id"), changed(key="1"))
    assert result.encode() == b'{"data":{"priceChanged":{"price":5,"key":"1"}}}'


async def test_what_other_subgraphs_know_is_fetched_for_each_event() -> None:
    router = subscription("price name", catalog=lambda _: {"data": {"_entities": [{"name": "Chair"}]}})
    for price in (5, 6):
        result = await respond(router, changed(price=price))
        assert result.data == {"priceChanged": {"price": price, "name": "Chair"}}
    assert [sent["variables"] for sent in router.subgraphs["catalog"].requests] == [
        {"representations": [{"__typename": "Product", "id": "1"}]}
    ] * 2


async def test_a_failed_fetch_costs_its_own_fields_of_that_event_alone() -> None:
    answers = iter([{"errors": [{"message": "no"}]}, {"data": {"_entities": [{"name": "Chair"}]}}])
    router = subscription("price name", catalog=lambda _: next(answers))
    first, second = await respond(router, changed()), await respond(router, changed())
    assert (first.data, len(first.errors)) == ({"priceChanged": {"price": 5, "name": None}}, 1)
    assert (second.data, second.errors) == ({"priceChanged": {"price": 5, "name": "Chair"}}, [])


async def test_a_subgraphs_error_goes_with_its_event() -> None:
    event = {"data": {"priceChanged": None}, "errors": [{"message": "late", "path": ["priceChanged"]}]}
    result = await respond(subscription("price"), event)
    assert result.data == {"priceChanged": None}
    assert [(error["message"], error["path"]) for error in result.errors] == [("late", ["priceChanged"])]


async def test_an_event_without_data_asks_nobody_else() -> None:
    router = subscription("price name", catalog=lambda _: {"data": {"_entities": []}})
    result = await respond(router, {"errors": [{"message": "gone"}]})
    assert result.data == {"priceChanged": None}
    assert router.subgraphs["catalog"].requests == []


async def test_an_event_that_is_no_graphql_response_is_an_error_of_its_field() -> None:
    result = await respond(subscription("price"), b'"hello"')
    assert result.data == {"priceChanged": None}
    assert result.errors[0]["extensions"]["code"] == "SUBREQUEST_MALFORMED_RESPONSE"


async def test_a_null_where_the_schema_allows_none_takes_its_object_along() -> None:
    result = await respond(subscription("stock"), changed(stock=None))
    assert result.data == {"priceChanged": None}
    assert result.errors[0]["path"] == ["priceChanged", "stock"]
