"""Arguments that are read from an object above are sent with the objects that they belong to."""

from typing import Any

import msgspec
import pytest
from graphql import FieldNode, parse

from common.http import Request, Response
from gateway.composition import Subgraph, compose
from gateway.execution import RequestContext, coerce_variables, compile_plan
from gateway.execution.contexts import multiplied
from gateway.planning import Planner
from gateway.planning.plan import ContextArgument, EntityFetch, Fetch, Key
from gateway.supergraph import Supergraph

SDL = """
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@context", "@fromContext"])
    type Query { shops: [Shop!]! mall: Mall }
    type Mall @key(fields: "id") @context(name: "mall") { id: ID! floor: Floor shops: [[Booth]] }
    type Floor { number: Int }
    type Shop @key(fields: "id") @context(name: "shop") { id: ID! currency: String rooms: [Room] plain: Int }
    type Room @key(fields: "id") { id: ID! price(of: Int = 1, in: String @fromContext(field: "$shop { currency }")): String! }
    type Booth @key(fields: "id") @context(name: "shop") { id: ID! currency: String rooms: [Stand] }
    type Stand @key(fields: "id") {
        id: ID!
        price(in: String @fromContext(field: "$shop { currency }")): String!
        level(at: Int @fromContext(field: "$mall { floor { number } }")): Int
    }
"""
COMPOSED = compose([Subgraph(name="a", sdl=SDL, url="")])
assert COMPOSED.supergraph_sdl, COMPOSED.errors
SUPERGRAPH = Supergraph.from_sdl(COMPOSED.supergraph_sdl)


def shop(identity: str, currency: str | None, *rooms: str | None) -> dict[str, Any]:
    found = [room and {"__typename": "Room", "id": room} for room in rooms]
    return {"__typename": "Shop", "id": identity, "currency": currency, "rooms": found}


class Contextual:
    """Answers with the arguments that came; `error` is of a representation's number in an `_entities` field."""

    url = ""

    def __init__(self, shops: list[Any], error: tuple[str, int] | None = None) -> None:
        self.requests: list[dict[str, Any]] = []
        self._shops = shops
        self._error = error

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - the protocol's
        del timeout
        body = msgspec.json.decode(request.body)
        self.requests.append(body)
        if "_entities" not in body["query"]:
            booths = [
                {
                    **each,
                    "__typename": "Booth",
                    "rooms": [room and {**room, "__typename": "Stand"} for room in each["rooms"]],
                }
                for each in self._shops
            ]
            mall = {"__typename": "Mall", "floor": {"number": 3}, "shops": [booths, None]}
            return Response(200, (), msgspec.json.encode({"data": {"shops": self._shops, "mall": mall}}))
        (operation,) = parse(body["query"]).definitions
        data = {
            (field.alias or field.name).value: self._entities(field, body["variables"])
            for field in operation.selection_set.selections  # type: ignore[attr-defined]
        }
        answer: dict[str, Any] = {"data": data}
        if self._error is not None:
            answer["errors"] = [{"message": "no", "path": [*self._error, "price"]}]
        return Response(200, (), msgspec.json.encode(answer))

    def _entities(self, field: FieldNode, variables: dict[str, Any]) -> list[Any]:
        sent = variables[field.arguments[0].value.name.value]  # type: ignore[index,attr-defined]
        return [self._room(field, representation["id"], variables) for representation in sent]

    def _room(self, field: FieldNode, identity: str, variables: dict[str, Any]) -> dict[str, Any]:
        (fragment,) = field.selection_set.selections  # type: ignore[union-attr]
        room: dict[str, Any] = {}
        for node in fragment.selection_set.selections:  # type: ignore[attr-defined]
            given = {
                argument.name.value: variables[argument.value.name.value]
                if hasattr(argument.value, "name")
                else argument.value.value
                for argument in node.arguments
            }
            room[(node.alias or node.name).value] = (
                given["at"] if "at" in given else f"{identity}: {given.get('of')} {given['in']}"
            )
        return room

    async def close(self) -> None:
        pass


async def run(operation: str, subgraph: Contextual, **variables: Any) -> Any:
    plan = Planner(SUPERGRAPH).plan(operation)
    values = coerce_variables(plan.operation, SUPERGRAPH.api_schema, variables)
    context = RequestContext(transports={"a": subgraph}, headers=lambda _: ())
    return await compile_plan(plan, SUPERGRAPH).execute(values, context)


SHOPS = [
    shop("1", "EUR", "r1", None, "r2"),
    shop("2", "DKK", "r1"),
    shop("3", "EUR", "r1"),
    shop("4", None, "r3"),
]


async def test_each_object_gets_the_value_of_the_object_above_it() -> None:
    subgraph = Contextual(SHOPS)
    result = await run("query($n: Int) { shops { rooms { price(of: $n) } } }", subgraph, n=7)
    assert result.errors == []
    assert [[room and room["price"] for room in each["rooms"]] for each in result.data["shops"]] == [
        ["r1: 7 EUR", None, "r2: 7 EUR"],
        ["r1: 7 DKK"],
        ["r1: 7 EUR"],
        ["r3: 7 None"],
    ]
    assert len(subgraph.requests) == 2, "one request, whatever the number of values"
    sent = [
        variable for name, variable in subgraph.requests[1]["variables"].items() if "representations" in name
    ]
    assert [[each["id"] for each in one] for one in sent] == [["r1", "r2"], ["r1"], ["r3"]]


async def test_objects_of_one_value_need_no_further_fields() -> None:
    subgraph = Contextual(SHOPS[:1])
    result = await run("{ shops { rooms { price } } }", subgraph)
    assert [room and room["price"] for room in result.data["shops"][0]["rooms"]] == [
        "r1: None EUR",
        None,
        "r2: None EUR",
    ]
    assert subgraph.requests[1]["query"].count("_entities") == 1


async def test_values_from_several_levels_go_together() -> None:
    subgraph = Contextual(SHOPS[:2])
    result = await run("{ mall { shops { rooms { price level } } } }", subgraph)
    assert result.data["mall"]["shops"][1] is None
    assert result.data["mall"]["shops"][0][1] == {"rooms": [{"price": "r1: None DKK", "level": 3}]}
    assert len(subgraph.requests) == 2


async def test_nothing_is_asked_for_where_no_object_stands() -> None:
    subgraph = Contextual([shop("1", "EUR", None)])
    assert (await run("{ shops { rooms { price } } }", subgraph)).data == {"shops": [{"rooms": [None]}]}
    assert len(subgraph.requests) == 1


@pytest.mark.parametrize(
    ("error", "paths"),
    [
        (("_entities", 0), [["shops", 0, "rooms", 0, "price"], ["shops", 2, "rooms", 0, "price"]]),
        (("_entities__1", 0), [["shops", 1, "rooms", 0, "price"]]),
    ],
)
async def test_an_error_stands_where_its_value_came_from(error: Any, paths: Any) -> None:
    result = await run("{ shops { rooms { price } } }", Contextual(SHOPS, error))
    assert [each["path"] for each in result.errors] == paths


def test_what_only_a_field_without_objects_uses_is_not_declared() -> None:
    def entity(alias: str, variable: str, *context: ContextArgument) -> EntityFetch:
        return EntityFetch(alias, variable, ((Key("a"),),), (), context=context)

    document = (
        "query($r:[_Any!]!,$s:[_Any!]!,$v:Int,$c:String)"
        "{_e0:_entities(representations:$r){...on A{x(c:$c,v:$v)}} _e1:_entities(representations:$s){...on B{y}}}"
    )
    contextual = entity("_e0", "r", ContextArgument("c", "String", 0, ()))
    fetch = Fetch(0, "a", "query", document, variables=("v",), entities=(contextual, entity("_e1", "s")))
    assert multiplied(fetch, (0, 1)) == ("query($s:[_Any!]!){_e1:_entities(representations:$s){...on B{y}}}")
