"""What answers have cost, counted with the weights of the estimate."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http import Response
from gateway.composition import Subgraph, compose
from gateway.execution import coerce_variables
from gateway.planning import Planner
from gateway.planning.plan import ContextArgument, EntityFetch, Fetch
from gateway.server.demand.counting import compile_fetch_counter
from gateway.server.demand.estimation import estimate, fetches
from gateway.server.demand.formula import Formula
from gateway.server.demand.spending import ActualCostMode, Counting, Spending
from gateway.supergraph import Supergraph

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@cost", "@listSize"])\n'
LIST_SIZE = 3
BOTH: tuple[ActualCostMode, ...] = ("by_subgraph", "by_response_shape")


class Priced(NamedTuple):
    estimated: int
    actual: Mapping[str, int]


class Graph:
    def __init__(self, *subgraphs: str) -> None:
        composed = compose(Subgraph(name="abc"[n], sdl=LINK + sdl) for n, sdl in enumerate(subgraphs))
        assert composed.supergraph_sdl, composed
        self.supergraph = Supergraph.from_sdl(composed.supergraph_sdl)
        self.formula = Formula(self.supergraph, lambda _: LIST_SIZE)
        self._planner = Planner(self.supergraph)

    def price(self, operation: str, answer: bytes, *fetched: bytes, **variables: Any) -> Priced:
        """`fetched` are the subgraphs' answers, in the order of the plan's fetches; else there is one, the final one."""
        plan = self._planner.plan(operation)
        coerced = coerce_variables(plan.operation, self.supergraph.api_schema, variables)
        actual: dict[str, int] = {}
        for mode in BOTH:
            told: list[int] = []
            spending = Spending(Counting.of(plan, self.formula, mode), coerced, told.append)
            if spending.on_response is not None:
                asked = [fetch for fetch, _ in fetches(plan.node, ())]
                for fetch, body in zip(asked, fetched or (answer,), strict=True):
                    spending.on_response(fetch, Response(200, (), body))
            spending.settle(answer)
            (actual[mode],) = told
        return Priced(estimate(plan, self.supergraph, self.formula).of(coerced).total, actual)


def data(value: Any) -> bytes:
    return msgspec.json.encode({"data": value})


def both(cost: int) -> dict[str, int]:
    return dict.fromkeys(BOTH, cost)


ALL = """
type Query {
  leaf: Int  dear: Int @cost(weight: 7)  level: Level  node: Node  nodes: [Node]  any: Any  matrix: [[Thing]]
  asked(a: Int @cost(weight: 3), b: Filter): Thing  free: Free  levels: [Level]  json: JSON @cost(weight: 5)
}
type Mutation { make: Thing }
scalar JSON
enum Level @cost(weight: 2) { HIGH }
interface Node { id: ID }
type Thing implements Node @cost(weight: 4) { id: ID other: Other same: Thing asked(a: Int @cost(weight: 3)): Int }
type Other implements Node { id: ID things: [Thing] same: Other }
type Free @cost(weight: 0) { thing: Thing cheap: Int @cost(weight: -1) }
union Any = Thing | Other
input Filter { x: Int @cost(weight: 2) }
"""
GRAPH = Graph(ALL)


@pytest.mark.parametrize(
    ("operation", "answer", "cost"),
    [
        ("{leaf __typename}", {"leaf": 1, "__typename": "Query"}, 0),
        ("{dear}", {"dear": 0}, 7),
        ("{dear}", {"dear": None}, 0),
        ("{level}", {"level": "HIGH"}, 2),
        ("{levels}", {"levels": ["HIGH", None, "HIGH"]}, 4),
        ("{json}", {"json": [{"a": 1}, [2]]}, 5),
        ("{node {id}}", {"node": {"id": "1"}}, 1),
        ("{node {id}}", {"node": None}, 0),
        ("{a: node {id} b: node {id}}", {"a": {"id": "1"}, "b": {"id": "1"}}, 2),
        ("{nodes {id}}", {"nodes": []}, 0),
        ("{nodes {id}}", {"nodes": [{"id": "1"}, None, {"id": "2"}]}, 2),
        ("{nodes {id}}", {"nodes": [{"id": "1"}] * 30}, 30),
        ("{matrix {id}}", {"matrix": [[{"id": "1"}, {"id": "2"}], None, [{"id": "3"}, None]]}, 3 * 4),
        ("{asked(a: 1, b: {x: 1}) {id}}", {"asked": {"id": "1"}}, 3 + 1 + 2 + 4),
        ("{asked(a: 1) {id}}", {"asked": None}, 3),
        ("{free {thing {id}}}", {"free": {"thing": {"id": "1"}}}, 0 + 4),
        ("{free {cheap}}", {"free": {"cheap": 1}}, -1),
        ("mutation {make {id}}", {"make": {"id": "1"}}, 10 + 4),
        ("mutation {make {id}}", {"make": None}, 10),
        ("{asked {asked(a: 1)}}", {"asked": {"asked": 1}}, 4 + 3),
        (
            "{nodes {...F}} fragment F on Other {things {other {id}}}",
            {"nodes": [{"__typename": "Other", "things": [{"other": {"id": "1"}}, {"other": None}]}]},
            1 + 2 * 4 + 1,
        ),
        (
            "{any {... on Thing {other {id}} ... on Other {things {id}}}}",
            {"any": {"__typename": "Thing", "other": {"id": "1"}}},
            1 + 1,
        ),
    ],
)
def test_each_rule(operation: str, answer: dict[str, Any], cost: int) -> None:
    assert GRAPH.price(operation, data(answer)).actual == both(cost)


def test_of_fields_of_several_types_under_one_key_the_dearest_counts_once() -> None:
    operation = "{any {... on Thing {x: other {id}} ... on Other {x: same {id}}}}"
    answer = {"any": {"__typename": "Other", "x": {"id": "1"}}}
    assert GRAPH.price(operation, data(answer)).actual["by_response_shape"] == 1 + 1


@pytest.mark.parametrize("given", [True, False])
def test_what_a_condition_leaves_out_costs_nothing(given: bool) -> None:  # noqa: FBT001 - the variable's value
    operation = "query ($a: Boolean!, $n: Int) {node {id} asked(a: $n) @include(if: $a) {id}}"
    answer = {"node": {"id": "1"}} | ({"asked": {"id": "2"}} if given else {})
    assert GRAPH.price(operation, data(answer), a=given, n=1).actual == both(1 + (3 + 4) * given)


@pytest.mark.parametrize(
    "answer",
    [b"", b"{", b"[]", b"{}", b'{"data":null}', b'{"data":{"node":[]}}', b'{"data":{"node":"\xff"}}'],
)
def test_an_answer_without_data_or_of_another_shape_costs_nothing(answer: bytes) -> None:
    assert GRAPH.price("{node {id}}", answer).actual == both(0)


def test_what_cannot_be_decoded_costs_nothing() -> None:
    assert GRAPH.price("{level}", b'{"data":{"level":"\xff"}}').actual == both(0)
    nested = b"[" * 10_000 + b"]" * 10_000
    assert GRAPH.price("{json}", b'{"data":{"json":' + nested + b"}}").actual == both(0)


USERS = 'type Query { all: [User] } type User @key(fields: "id") { id: ID! name: String }'
REVIEWS = 'type User @key(fields: "id") { id: ID! reviews: [Review] } type Review { text: String }'


def test_subgraphs_are_counted_by_what_each_answered_and_the_whole_by_what_the_client_sees() -> None:
    users = data({"all": [{"__typename": "User", "id": str(n)} for n in (1, 1, 2)]})
    reviews = data({"_entities": [{"reviews": [{"text": "a"}, {"text": "b"}]}, None]})
    seen = [{"text": "a"}, {"text": "b"}]
    answer = data({"all": [{"reviews": seen}, {"reviews": seen}, {"reviews": None}]})
    priced = Graph(USERS, REVIEWS).price("{all {reviews {text}}}", answer, users, reviews)
    assert priced.actual == {"by_subgraph": 3 + (1 + 2), "by_response_shape": 3 + 2 * 2}


def test_entities_that_differ_in_their_context_are_all_counted() -> None:
    graph = Graph(USERS, REVIEWS)
    fetch = Fetch(
        id=0,
        subgraph="b",
        operation_kind="query",
        document="query($r:[_Any!]!,$c:String){_entities(representations:$r){... on User{reviews{text}}}}",
        entities=(
            EntityFetch("_entities", "r", ((),), (), context=(ContextArgument("c", "String", 0, ()),)),
        ),
    )
    counter = compile_fetch_counter(graph.formula, fetch)
    first, second = [{"reviews": [{"text": "a"}]}], [{"reviews": []}, {"reviews": None}]
    assert counter.count(data({"_entities": first, "_entities__1": second}), {}) == (1 + 1) + 1 + 1
    assert counter.count(data(None), {}) == 0


NODES = """
type Query { node(a: Int @cost(weight: 3)): Node  sized(first: Int): [Node] @listSize(slicingArguments: ["first"])
  nodes: [Node]  dear: Int @cost(weight: 7)  dears: [Int] @cost(weight: 2)  leaf: Int }
type Node @cost(weight: 4) { node(a: Int @cost(weight: 3)): Node  sized(first: Int): [Node] @listSize(slicingArguments: ["first"])
  nodes: [Node]  dear: Int @cost(weight: 7)  dears: [Int] @cost(weight: 2)  leaf: Int }
"""
NODE_GRAPH = Graph(NODES)


class Field(NamedTuple):
    """A selected field; `size` is what its list is taken to have, None where it is none."""

    text: str
    size: int | None
    below: "tuple[Field, ...]"


def fields(depth: int) -> st.SearchStrategy[Field]:
    leaf = st.sampled_from([Field("leaf", None, ()), Field("dear", None, ()), Field("dears", LIST_SIZE, ())])
    if not depth:
        return leaf
    sizes = st.sampled_from(
        [
            ("node", None),
            ("node(a: 1)", None),
            ("nodes", LIST_SIZE),
            ("sized(first: 2)", 2),
            ("sized(first: 0)", 0),
        ]
    )
    return leaf | st.builds(lambda head, below: Field(head[0], head[1], below), sizes, selections(depth - 1))


def selections(depth: int) -> st.SearchStrategy[tuple[Field, ...]]:
    return st.lists(fields(depth), min_size=1, max_size=3).map(tuple)


def written(selected: tuple[Field, ...]) -> str:
    inner = (
        f"f{n}: {field.text} {written(field.below) if field.below else ''}"
        for n, field in enumerate(selected)
    )
    return "{" + " ".join(inner) + "}"


def full(selected: tuple[Field, ...]) -> dict[str, Any]:
    """An answer in which nothing is null and all lists are as long as they are taken to be."""

    def value(field: Field) -> Any:
        one = full(field.below) if field.below else 1
        return one if field.size is None else [one] * field.size

    return {f"f{n}": value(field) for n, field in enumerate(selected)}


@given(selections(3))
def test_an_answer_as_it_was_estimated_costs_what_was_estimated(selected: tuple[Field, ...]) -> None:
    priced = NODE_GRAPH.price(written(selected), data(full(selected)))
    assert priced.actual == both(priced.estimated)


@given(selections(3), st.data())
def test_an_answer_within_the_sizes_of_the_estimate_costs_no_more(
    selected: tuple[Field, ...], drawn: st.DataObject
) -> None:
    def less(value: Any) -> Any:
        if drawn.draw(st.booleans()):
            return None
        if isinstance(value, list):
            return [less(item) for item in value[: drawn.draw(st.integers(0, len(value)))]]
        return {key: less(item) for key, item in value.items()} if isinstance(value, dict) else value

    answer = {key: less(value) for key, value in full(selected).items()}
    priced = NODE_GRAPH.price(written(selected), data(answer))
    assert all(0 <= cost <= priced.estimated for cost in priced.actual.values())
