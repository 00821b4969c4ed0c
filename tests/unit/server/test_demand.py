"""What operations are estimated to cost, by Apollo's formula and the IBM specification's directives."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.composition import Subgraph, compose
from gateway.execution import coerce_variables
from gateway.planning import Planner
from gateway.server.demand.amounts import CostError
from gateway.server.demand.estimation import Cost, estimate
from gateway.server.demand.formula import Formula
from gateway.supergraph import Supergraph

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@cost", "@listSize", "@shareable", "@requires", "@external"])\n'
BOOKS = """
type Query {
  book(id: ID): Book
  bestsellers: [Book] @listSize(assumedSize: 5)
  newestAdditions(after: ID, limit: Int!): [Book] @listSize(slicingArguments: ["limit"])
}
type Book { title: String author: Author publisher: Publisher }
type Author { name: String }
type Publisher { name: String address: Address }
type Address %s { zipCode: Int! }
"""
BOOK = "{title author {name} publisher {name address {zipCode}}}"

Ask = Callable[..., Cost]


def asker(*subgraphs: str, list_size: Any = 10) -> Ask:
    composed = compose(Subgraph(name="abc"[n], sdl=LINK + sdl) for n, sdl in enumerate(subgraphs))
    assert composed.supergraph_sdl, composed
    supergraph = Supergraph.from_sdl(composed.supergraph_sdl)
    formula = Formula(supergraph, list_size if callable(list_size) else lambda _: int(list_size))
    planner = Planner(supergraph)

    def ask(operation: str, **variables: Any) -> Cost:
        plan = planner.plan(operation)
        coerced = coerce_variables(plan.operation, supergraph.api_schema, variables)
        return estimate(plan, supergraph, formula).of(coerced)

    return ask


@pytest.mark.parametrize(
    ("address", "operation", "cost"),
    [
        ("", f"{{book(id: 1) {BOOK}}}", 4),
        ("@cost(weight: 5)", f"{{book(id: 1) {BOOK}}}", 8),
        ("@cost(weight: 5)", f"{{bestsellers {BOOK}}}", 40),
        ("@cost(weight: 5)", f"{{newestAdditions(limit: 3) {BOOK}}}", 24),
        ("@cost(weight: 5)", f"{{newestAdditions(limit: 7) {BOOK}}}", 56),
    ],
)
def test_apollos_own_examples(address: str, operation: str, cost: int) -> None:
    assert asker(BOOKS % address)(operation).total == cost


@given(st.integers(0, 1000))
def test_a_variable_costs_what_a_literal_does(limit: int) -> None:
    ask = BOOK_ASKER
    literal = ask(f"{{newestAdditions(limit: {limit}) {BOOK}}}")
    assert ask(f"query ($n: Int!) {{newestAdditions(limit: $n) {BOOK}}}", n=limit) == literal
    assert ask(f"query ($n: Int! = {limit}) {{newestAdditions(limit: $n) {BOOK}}}") == literal


BOOK_ASKER = asker(BOOKS % "")

ALL = """
type Query {
  leaf: Int  dear: Int @cost(weight: 7)  level: Level  node: Node  nodes: [Node]  any: Any  matrix: [[Thing]]
  asked(a: Int @cost(weight: 3), b: Filter, c: [Filter]): Int
  page(first: Int, last: Int): [Thing] @listSize(slicingArguments: ["first", "last"], assumedSize: 4)
  loose(first: Int, last: Int): [Thing]
    @listSize(slicingArguments: ["first", "last"], assumedSize: 4, requireOneSlicingArgument: false)
  usual(first: Int = 6): [Thing] @listSize(slicingArguments: ["first"])
  connection(first: Int): Connection @listSize(slicingArguments: ["first"], sizedFields: ["edges"])
}
type Mutation { make: Thing }
enum Level @cost(weight: 2) { HIGH }
interface Node { id: ID }
type Thing implements Node @cost(weight: 4) { id: ID other: Other }
type Other implements Node { id: ID things: [Thing] }
union Any = Thing | Other
type Connection { edges: [Other] total: Int }
input Filter { x: Int @cost(weight: 2) y: Filter }
"""
ASK = asker(ALL)


@pytest.mark.parametrize(
    ("operation", "variables", "cost"),
    [
        ("{leaf __typename}", {}, 0),
        ("{dear}", {}, 7),
        ("{level}", {}, 2),
        ("{node {id}}", {}, 1),
        ("{nodes {id}}", {}, 10),
        ("{node {... on Other {things {id}}}}", {}, 1 + 10 * 4),
        ("{any {... on Thing {other {id}}}}", {}, 1 + 1),
        ("{matrix {id}}", {}, 10 * 4),
        ("mutation {make {id}}", {}, 10 + 4),
        ("{asked(a: 1)}", {}, 3),
        ("{asked(b: {x: 1})}", {}, 1 + 2),
        ("{asked(b: {x: 1, y: {x: 2}})}", {}, 1 + 2 + 1 + 2),
        ("{asked(c: [{x: 1}, {}], a: null)}", {}, 1 + 2 + 1),
        ("query ($b: Filter) {asked(b: $b)}", {"b": {"y": {"x": 1}}}, 1 + 1 + 2),
        ("query ($b: Filter) {asked(b: $b)}", {}, 0),
        ("query ($x: Int) {asked(b: {x: $x})}", {"x": 5}, 3),
        ("{page(first: 3) {id}}", {}, 12),
        ("query ($f: Int, $l: Int) {page(first: $f, last: $l) {id}}", {"l": 2}, 8),
        ("{loose {id}}", {}, 16),
        ("{loose(first: 2, last: 3) {id}}", {}, 12),
        ("{loose(first: -2) {id}}", {}, 0),
        ("{usual {id}}", {}, 24),
        ("{usual(first: 1) {id}}", {}, 4),
        ("{connection(first: 3) {edges {id} total}}", {}, 1 + 3),
        (
            "{connection(first: 3) {...F}} fragment F on Connection {edges {things {id}}}",
            {},
            1 + 3 * (1 + 40),
        ),
        ("query ($n: Int) {connection(first: $n) {edges {id}}}", {"n": 5}, 1 + 5),
        ("query ($a: Boolean!) {node @include(if: $a) {id} dear @skip(if: $a)}", {"a": True}, 1),
        ("query ($a: Boolean!) {node @include(if: $a) {id} dear @skip(if: $a)}", {"a": False}, 7),
        ("{node @include(if: false) {id} leaf}", {}, 0),
        ("{a: node {id} b: node {id}}", {}, 2),
    ],
)
def test_each_rule_of_the_formula(operation: str, variables: dict[str, Any], cost: int) -> None:
    assert ASK(operation, **variables) == Cost(cost, {"a": cost})


@pytest.mark.parametrize("arguments", ["", "(first: 1, last: 2)"])
def test_a_field_that_takes_exactly_one_slicing_argument_cannot_be_estimated_otherwise(
    arguments: str,
) -> None:
    with pytest.raises(CostError, match="The field page takes exactly one"):
        ASK(f"{{page{arguments} {{id}}}}")


USERS = """
type Query { me: User users(first: Int): [User] @listSize(slicingArguments: ["first"]) all: [User] }
type User @key(fields: "id") { id: ID! name: String friends: [User] @listSize(assumedSize: 3) }
"""
REVIEWS = """
type User @key(fields: "id") { id: ID! reviews: [Review] @listSize(assumedSize: 2) }
type Review { text: String }
"""


@pytest.mark.parametrize(
    ("operation", "variables", "a", "b"),
    [
        ("{me {reviews {text}}}", {}, 1, 1 * (1 + 2)),
        ("{all {reviews {text}}}", {}, 10, 10 * (1 + 2)),
        ("query ($n: Int) {users(first: $n) {reviews {text}}}", {"n": 4}, 4, 4 * (1 + 2)),
        ("{me {f: friends {...F}}} fragment F on User {reviews {text}}", {}, 4, 3 * (1 + 2)),
        ("query ($w: Boolean!) {me {name reviews @include(if: $w) {text}}}", {"w": False}, 1, 0),
    ],
)
def test_a_subgraph_is_asked_for_as_many_entities_as_lists_have(
    operation: str, variables: dict[str, Any], a: int, b: int
) -> None:
    assert asker(USERS, REVIEWS)(operation, **variables) == Cost(a + b, {"a": a, "b": b})


def test_lists_have_the_size_of_their_subgraph() -> None:
    ask = asker(
        USERS, REVIEWS.replace("@listSize(assumedSize: 2)", ""), list_size=lambda name: {"a": 2, "b": 5}[name]
    )
    assert ask("{all {reviews {text}}}").by_subgraph["a"] == 2
    assert ask("{me {reviews {text}}}").by_subgraph["b"] == 1 + 5


def test_the_ibm_specification_writes_weights_as_text() -> None:
    composed = compose(
        [Subgraph(name="a", sdl=LINK + "type Query { a: Int @cost(weight: 7) }")]
    ).supergraph_sdl
    assert composed
    for weight, expected in (('"12"', 12), ('"x"', None)):
        costs = Supergraph.from_sdl(composed.replace("weight: 7", f"weight: {weight}")).costs
        assert costs.weights.get("Query.a") == expected
