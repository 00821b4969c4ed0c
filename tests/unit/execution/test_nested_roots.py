"""A root type that is reached again as a field: its fields are fetched as at the root and stand below that field."""

from collections.abc import Callable
from typing import Any

import pytest

from common.http import ConnectError
from gateway.planning.plan import Fetch, KeyRenamer, Sequence

Make = Callable[..., Any]

SDL = """
    type Query { x: Int y: Int strict: Int! product: Product }
    type Product { id: ID }
    type Mutation { a: Payload many: [Payload] }
    type Payload { id: ID query: Query }
"""
PAYLOAD = {"query": {"__typename": "Query"}}


@pytest.fixture
def run(router: Make, path: Make) -> Make:
    """A mutation answered by `first`, then `document` fetched of `second` for the queries at `at`."""

    async def execute(operation: str, first: Any, second: Any, *, at: str = "a.query", **options: Any) -> Any:
        document = options.pop("document", "query{y}")
        node = Sequence(
            (
                Fetch(0, "first", "mutation", "mutation{a{query{x}}}"),
                Fetch(1, "second", "query", document, path=path(at), **options),
            )
        )
        answers = second if callable(second) else lambda _: second
        made = router(SDL, operation, node, first=lambda _: {"data": first}, second=answers)
        return await made.execute(), made.subgraphs["second"].requests

    return execute


def refusing(_request: Any) -> Any:
    raise ConnectError


async def test_its_fields_stand_below_the_field_that_leads_to_it(run: Make) -> None:
    result, _ = await run("mutation { a { query { x y } } }", {"a": {"query": {"x": 1}}}, {"data": {"y": 2}})
    assert (result.data, result.errors) == ({"a": {"query": {"x": 1, "y": 2}}}, [])


async def test_every_object_of_a_list_has_its_own(run: Make) -> None:
    answer = {"data": {"product": {"id": "7"}}}
    result, requests = await run(
        "mutation { many { query { product { id } } } }",
        {"many": [PAYLOAD, None, PAYLOAD]},
        answer,
        at="many.@.query",
    )
    expected = {"query": {"product": {"id": "7"}}}
    assert (result.data, result.errors) == ({"many": [expected, None, expected]}, [])
    assert len(requests) == 1


@pytest.mark.parametrize("first", [{"a": None}, {"a": {"query": None}}])
async def test_nothing_is_fetched_where_nothing_leads_to_it(run: Make, first: Any) -> None:
    result, requests = await run("mutation { a { query { y } } }", first, {"data": {"y": 2}})
    assert (result.data, result.errors, requests) == (first, [], [])


async def test_a_failed_fetch_is_reported_at_its_fields(run: Make) -> None:
    result, _ = await run("mutation { a { query { y } } }", {"a": PAYLOAD}, refusing)
    assert result.data == {"a": {"query": {"y": None}}}
    assert [error["path"] for error in result.errors] == [["a", "query", "y"]]


async def test_a_failed_fetch_of_a_list_is_reported_in_every_object(run: Make) -> None:
    many = {"many": [PAYLOAD, None, PAYLOAD]}
    result, _ = await run("mutation { many { query { y } } }", many, refusing, at="many.@.query")
    assert [error["path"] for error in result.errors] == [["many", index, "query", "y"] for index in (0, 2)]


async def test_an_answered_error_has_the_path_of_the_client(run: Make, path: Make) -> None:
    error = {"message": "no", "path": ["_0"]}
    result, _ = await run(
        "mutation { a { query { strict } } }",
        {"a": PAYLOAD},
        {"data": {"_0": None}, "errors": [error]},
        document="query{_0:strict}",
        renames=(KeyRenamer(path("_0"), "strict"),),
    )
    assert result.data == {"a": {"query": None}}
    assert result.errors == [
        {"message": "no", "path": ["a", "query", "strict"], "extensions": {"service": "second"}}
    ]


@pytest.mark.parametrize(
    ("document", "place"), [("query{y}", ["a", "query", "y"]), ("query{y strict}", ["a", "query"])]
)
async def test_an_error_without_path_is_placed_as_near_as_can_be(
    run: Make, document: str, place: list[str]
) -> None:
    answer = {"errors": [{"message": "no"}]}
    result, _ = await run("mutation { a { query { y } } }", {"a": PAYLOAD}, answer, document=document)
    assert [error["path"] for error in result.errors] == [place]
