"""What fails is told with its place in the client's operation, and the rest of the answer stands."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from common.http import ConnectError, ProtocolError, Response, ResponseTooLarge, TimeoutError_
from gateway.planning.plan import EntityFetch, Fetch, Parallel, Representation, RequiredField, Sequence

Make = Callable[..., Any]

SDL = """
    type Query { users: [User!] product: Product strict: Product! }
    type User { id: ID! name: String! nickname: String }
    type Product { id: ID! price: Int }
"""
USERS = {"data": {"users": [{"__typename": "User", "id": one} for one in "121"], "product": {"id": "7"}}}
DOCUMENT = "query($r:[_Any!]!){e:_entities(representations:$r){...on User{name nickname}}}"


@pytest.fixture
def run(router: Make, path: Make, representation: Make) -> Make:
    """Users from `ids`, then their names from `names`, which answers what is given."""

    async def execute(answer: Any, selection: str = "nickname", **context: Any) -> Any:
        entity = EntityFetch("e", "r", (path("users.@"),), (representation("User", "id"),))
        node = Sequence(
            (
                Fetch(0, "ids", "query", "{users{__typename id} product{id}}"),
                Fetch(1, "names", "query", DOCUMENT, entities=(entity,)),
            )
        )
        made = router(
            SDL,
            f"{{ users {{ id {selection} }} product {{ id }} }}",
            node,
            ids=lambda _: USERS,
            names=answer if callable(answer) else lambda _: answer,
        )
        return await made.execute(**context)

    return execute


def raising(error: BaseException) -> Any:
    def answer(_request: Any) -> Any:
        raise error

    return answer


def html(status: int = 200) -> Response:
    return Response(status, (("content-type", "text/html"),), b"<html>Oops at 10.0.0.7</html>")


TWO = {"data": {"e": [{"nickname": "a"}, {"nickname": "b"}]}}
NOT_GRAPHQL = ("the response is not a GraphQL response", "SUBREQUEST_MALFORMED_RESPONSE")


@pytest.mark.parametrize(
    ("answer", "reason", "code"),
    [
        (raising(ConnectError("[Errno 111] 10.0.0.7:80")), "connection refused", "SUBREQUEST_HTTP_ERROR"),
        (raising(TimeoutError_("10.0.0.7")), "timed out", "SUBREQUEST_HTTP_ERROR"),
        (raising(ResponseTooLarge("33554433")), "response too large", "SUBREQUEST_HTTP_ERROR"),
        (raising(ProtocolError("half")), "malformed HTTP response", "SUBREQUEST_MALFORMED_RESPONSE"),
        (html(), *NOT_GRAPHQL),
        (html(502), "HTTP status 502", "SUBREQUEST_HTTP_ERROR"),
        (Response(401, (), b'{"detail":"no"}'), "HTTP status 401", "SUBREQUEST_HTTP_ERROR"),
        (Response(200, (), b""), *NOT_GRAPHQL),
        (Response(200, (), b'{"data":{"e":['), *NOT_GRAPHQL),
        (Response(200, (), b'{"data":{"e":["\xff"]}}'), *NOT_GRAPHQL),
        (Response(200, (), b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), *NOT_GRAPHQL),
        ([TWO], *NOT_GRAPHQL),
        ({"data": None}, *NOT_GRAPHQL),
        ({"data": []}, *NOT_GRAPHQL),
        ({"errors": "no"}, *NOT_GRAPHQL),
        ({"errors": [{"text": "no"}]}, *NOT_GRAPHQL),
        ({"data": {"e": []}}, "the entities do not match the representations", NOT_GRAPHQL[1]),
        ({"data": {"e": [{}, {}, {}]}}, "the entities do not match the representations", NOT_GRAPHQL[1]),
        ({"data": {"e": [1, 2]}}, "the entities do not match the representations", NOT_GRAPHQL[1]),
        ({"data": {"e": None}}, "the entities do not match the representations", NOT_GRAPHQL[1]),
        ({"data": {}}, "the entities do not match the representations", NOT_GRAPHQL[1]),
    ],
)
async def test_a_failed_fetch_is_reported_at_each_place_and_nowhere_else(
    run: Make, answer: Any, reason: str, code: str
) -> None:
    result = await run(answer)
    assert result.data == {
        "users": [{"id": one, "nickname": None} for one in "121"],
        "product": {"id": "7"},
    }
    assert result.errors == [
        {
            "message": f"Request to subgraph 'names' failed: {reason}",
            "path": ["users", index],
            "extensions": {"code": code, "service": "names"},
        }
        for index in range(3)
    ]


async def test_nulls_that_a_failed_fetch_leaves_have_no_second_error(run: Make) -> None:
    result = await run(raising(ConnectError()), "name")
    assert result.data == {"users": None, "product": {"id": "7"}}
    assert [error["path"] for error in result.errors] == [["users", 0], ["users", 1], ["users", 2]]


async def test_a_graphql_body_counts_whatever_the_status(run: Make) -> None:
    result = await run(Response(500, (), msgspec.json.encode(TWO)))
    assert [user["nickname"] for user in result.data["users"]] == ["a", "b", "a"]
    assert result.errors == []


async def test_an_entitys_error_is_told_at_every_place_that_asked(run: Make) -> None:
    error = {
        "message": "no",
        "path": ["e", 0, "nickname"],
        "locations": [{"line": 1, "column": 2}],
        "extensions": {"code": "GONE", "service": "inner"},
    }
    result = await run({"data": {"e": [{"nickname": None}, {"nickname": "b"}]}, "errors": [error]})
    assert [user["nickname"] for user in result.data["users"]] == [None, "b", None]
    assert result.errors == [
        {
            "message": "no",
            "path": ["users", index, "nickname"],
            "extensions": {"code": "GONE", "service": "names"},
        }
        for index in (0, 2)
    ]


@pytest.mark.parametrize("told_at", [None, ["e"], ["other", 0], ["e", 9], ["e", "x"], [{}], "e"])
async def test_an_error_of_no_known_entity_is_told_at_all_places(run: Make, told_at: Any) -> None:
    result = await run({"data": {"e": None}, "errors": [{"message": "no", "path": told_at}]})
    assert [error["path"] for error in result.errors] == [["users", index] for index in range(3)]


async def test_a_missing_entity_leaves_nulls_and_no_error_where_null_may_be(run: Make) -> None:
    result = await run({"data": {"e": [None, {"nickname": "b"}]}})
    assert [user["nickname"] for user in result.data["users"]] == [None, "b", None]
    assert result.errors == []


async def test_a_missing_entity_is_an_error_where_null_may_not_be(run: Make) -> None:
    result = await run({"data": {"e": [{"name": "a"}, None]}}, "name")
    assert result.data["users"] is None
    assert [error["path"] for error in result.errors] == [["users", 1, "name"]]


async def test_one_failure_is_reported_at_a_hundred_places_at_most(
    router: Make, path: Make, representation: Make
) -> None:
    entity = EntityFetch("e", "r", (path("users.@"),), (representation("User", "id"),))
    node = Sequence(
        (Fetch(0, "ids", "query", "{users{id}}"), Fetch(1, "names", "query", DOCUMENT, entities=(entity,)))
    )
    many = {"data": {"users": [{"__typename": "User", "id": str(number)} for number in range(150)]}}
    made = router(SDL, "{ users { name } }", node, ids=lambda _: many, names=raising(ConnectError()))
    result = await made.execute()
    assert len(result.errors) == 100
    assert result.data == {"users": None}


async def test_a_failed_root_fetch_is_reported_at_its_root_fields(router: Make) -> None:
    document = "query N{u:users{id} ...F ...on Query{strict{id}}} fragment F on Query{product{id}}"
    made = router(
        SDL, "{ u: users { id } product { id } }", Fetch(0, "a", "query", document), a=lambda _: html()
    )
    result = await made.execute()
    assert result.data == {"u": None, "product": None}
    assert [error["path"] for error in result.errors] == [["u"], ["product"], ["strict"]]


async def test_other_data_is_intact_when_a_subgraph_fails(router: Make) -> None:
    node = Parallel((Fetch(0, "a", "query", "{users{id}}"), Fetch(1, "b", "query", "{product{id}}")))
    made = router(
        SDL,
        "{ users { id } product { id } }",
        node,
        a=raising(ConnectError()),
        b=lambda _: {"data": {"product": {"id": "7"}}},
    )
    assert (await made.execute()).data == {"users": None, "product": {"id": "7"}}


async def test_a_root_error_without_path_is_placed_at_the_only_field(router: Make) -> None:
    answer = {"data": None, "errors": [{"message": "no"}]}
    made = router(SDL, "{ strict { id } }", Fetch(0, "a", "query", "{strict{id}}"), a=lambda _: answer)
    result = await made.execute()
    assert result.data is None
    assert result.errors == [{"message": "no", "path": ["strict"], "extensions": {"service": "a"}}]


async def test_a_root_error_without_path_of_several_fields_has_none(router: Make) -> None:
    answer = {"errors": [{"message": "no"}]}
    document = "{users{id} strict{id}}"
    made = router(SDL, "{ users { id } strict { id } }", Fetch(0, "a", "query", document), a=lambda _: answer)
    result = await made.execute()
    assert (result.data, result.errors) == (None, [{"message": "no", "extensions": {"service": "a"}}])


async def test_errors_of_subgraphs_can_be_masked(run: Make) -> None:
    answer = {
        **TWO,
        "errors": [{"message": "secret", "path": ["e", 1, "nickname"], "extensions": {"sql": "..."}}],
    }

    def mask(subgraph: str, error: dict[str, Any]) -> dict[str, Any]:
        assert error["message"] == "secret"
        return {"message": "Subgraph error", "extensions": {"service": subgraph}}

    result = await run(answer, mask_error=mask)
    assert result.errors == [
        {"message": "Subgraph error", "path": ["users", 1, "nickname"], "extensions": {"service": "names"}}
    ]


async def test_after_the_deadline_nothing_is_fetched(run: Make) -> None:
    past = asyncio.get_running_loop().time() - 1
    result = await run(lambda _: TWO, deadline=past)
    assert result.data == {"users": None, "product": None}
    assert {error["extensions"]["code"] for error in result.errors} == {"GATEWAY_TIMEOUT"}


async def test_a_fetch_that_reaches_the_deadline_says_so(run: Make) -> None:
    deadline = asyncio.get_running_loop().time() + 0.5

    async def late(_request: Any) -> Any:
        await asyncio.sleep(0.55)
        raise TimeoutError_

    result = await run(late, deadline=deadline)
    assert result.errors[0]["message"] == "Request to subgraph 'names' failed: timed out"
    assert result.errors[0]["extensions"]["code"] == "GATEWAY_TIMEOUT"


async def test_a_subgraph_without_transport_is_an_error(router: Make) -> None:
    made = router(SDL, "{ product { id } }", Fetch(0, "gone", "query", "{product{id}}"))
    result = await made.execute()
    assert result.data == {"product": None}
    assert result.errors[0]["extensions"] == {"code": "SUBREQUEST_HTTP_ERROR", "service": "gone"}


@pytest.mark.parametrize("typename", [[], {}, 7, None])
async def test_a_typename_that_is_no_name_breaks_nothing(run: Make, typename: Any) -> None:
    result = await run({"data": {"e": [{"__typename": typename, "nickname": "a"}, None]}})
    assert [user["nickname"] for user in result.data["users"]] == ["a", None, "a"]


@pytest.mark.parametrize("typename", [[], {}, 7, "Unknown"])
async def test_an_object_of_no_known_type_is_no_entity(router: Make, path: Make, typename: Any) -> None:
    kinds = tuple(Representation(name, (name,), (RequiredField("id", "id"),)) for name in ("User", "Product"))
    entity = EntityFetch("e", "r", (path("product"), path("product.|[User]")), kinds)
    document = "query($r:[_Any!]!){e:_entities(representations:$r){...on Product{price}}}"
    node = Sequence(
        (
            Fetch(0, "a", "query", "{product{__typename id}}"),
            Fetch(1, "b", "query", document, entities=(entity,)),
        )
    )
    product = {"__typename": typename, "id": "7"}
    made = router(
        SDL,
        "{ product { id price } }",
        node,
        a=lambda _: {"data": {"product": product}},
        b=raising(ConnectError()),
    )
    result = await made.execute()
    assert (result.data, result.errors) == ({"product": {"id": "7", "price": None}}, [])


@pytest.mark.parametrize("skips", [True, False])
async def test_a_failed_root_fetch_is_not_reported_at_fields_that_were_left_out(
    router: Make, *, skips: bool
) -> None:
    document = "query($s:Boolean!){users @skip(if:$s){id} ...on Query @include(if:$s){product{id}}}"
    operation = "query($s: Boolean!) { users @skip(if: $s) { id } product @include(if: $s) { id } }"
    fetch = Fetch(0, "a", "query", document, variables=("s",))
    made = router(SDL, operation, fetch, a=raising(ConnectError()))
    result = await made.execute({"s": skips})
    left = "product" if skips else "users"
    assert result.data == {left: None}
    assert [error["path"] for error in result.errors] == [[left]]
