"""Conditions, mutations, and what runs after what."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gateway.planning import Planner
from gateway.planning.plan import Condition, Parallel, Sequence
from gateway.supergraph import Supergraph

LINKS = """
schema @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
enum join__Graph { A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "") }
"""
Make = Callable[..., Any]

GRAPH = """
type Query @join__type(graph: A) @join__type(graph: B) { t: T @join__field(graph: A) b: Int @join__field(graph: B) }
type Mutation @join__type(graph: A) @join__type(graph: B) {
  one: T @join__field(graph: A)
  two: Int @join__field(graph: A)
  three: Int @join__field(graph: B)
  again: Query @join__field(graph: A)
}
type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  a: Int @join__field(graph: A) @join__field(graph: C, external: true)
  b: Int @join__field(graph: B) @join__field(graph: C, external: true)
  c: Int @join__field(graph: C, requires: "b")
  plain: Int @join__field(graph: C)
}
"""


def test_root_fields_of_two_subgraphs_run_in_parallel(plan: Make) -> None:
    node = plan(GRAPH, "{ t { a } b }").node
    assert isinstance(node, Parallel)
    assert {fetch.subgraph for fetch in node.nodes} == {"a", "b"}


def test_a_requirement_waits_for_the_fetch_that_fills_it(plan: Make) -> None:
    assert [fetch.subgraph for fetch in plan(GRAPH, "{ t { c } }").node.nodes] == ["a", "b", "c"]


def test_what_needs_no_waiting_joins_the_later_request_of_its_subgraph(plan: Make) -> None:
    found = plan(GRAPH, "{ t { plain c } }")
    assert (found.fetch_count, found.depth) == (3, 3)


def test_a_fetch_that_is_wholly_conditional_stands_under_the_condition(plan: Make) -> None:
    node = plan(GRAPH, "query ($on: Boolean!) { t { a b @include(if: $on) } }").node
    condition = node.nodes[1]
    assert isinstance(condition, Condition)
    assert (condition.variable, condition.else_clause) == ("on", None)
    assert "@include" not in condition.if_clause.document


def test_what_is_skipped_takes_its_requirements_along(plan: Make) -> None:
    node = plan(GRAPH, "query ($off: Boolean!) { t { a c @skip(if: $off) } }").node
    assert [type(inner) for inner in node.nodes[1:]] == [Condition, Condition]
    assert all(inner.if_clause is None for inner in node.nodes[1:])


def test_conditions_travel_with_the_fields_where_others_need_the_fetch(fetches: Make) -> None:
    texts = fetches(GRAPH, "query ($on: Boolean!) { t { a id @include(if: $on) } }")
    assert texts == ["a: query($on:Boolean!){t{a id @include(if:$on)}}"]


def test_a_selection_under_opposite_conditions_is_never_fetched(plan: Make) -> None:
    operation = "query ($on: Boolean!) { t { a b @include(if: $on) @skip(if: $on) } }"
    assert plan(GRAPH, operation).fetch_count == 1


def test_mutations_run_in_order_and_neighbours_of_one_subgraph_together(plan: Make) -> None:
    node = plan(GRAPH, "mutation { one { b } two three last: two }").node
    assert isinstance(node, Sequence)
    assert [fetch.subgraph for fetch in node.nodes] == ["a", "b", "b", "a"]
    assert [fetch.operation_kind for fetch in node.nodes] == ["mutation", "query", "mutation", "mutation"]
    assert node.nodes[0].document == "mutation{one{__typename id} two}"


def test_a_root_type_that_is_reached_again_is_asked_at_its_path(plan: Make) -> None:
    fetch = plan(GRAPH, "mutation { again { b } }").node.nodes[1]
    assert (fetch.subgraph, fetch.operation_kind, fetch.document) == ("b", "query", "query{b}")
    assert [step.name for step in fetch.path] == ["again"]


def test_a_plan_is_the_same_whenever_it_is_made(plan: Make) -> None:
    operation = "{ t { a b c plain } b }"
    assert str(plan(GRAPH, operation)) == str(plan(GRAPH, operation))


def test_a_named_operation_names_its_requests(plan: Make) -> None:
    node = plan(GRAPH, "query Find { t { b } }").node
    assert [fetch.operation_name for fetch in node.nodes] == ["Find__a__0", "Find__b__1"]


def test_threads_share_a_planner() -> None:
    types = 'type Query { t: T } type T @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") { id: ID! }'
    planner = Planner(Supergraph.from_sdl(f"{LINKS} {types}"))
    with ThreadPoolExecutor(4) as threads:
        plans = list(
            threads.map(lambda number: str(planner.plan(f"{{ t {{ a{number % 2}: id }} }}")), range(32))
        )
    assert len(set(plans)) == 2
