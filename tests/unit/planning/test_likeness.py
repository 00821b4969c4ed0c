"""Types that are alike are planned as one, and the plan is that of each by itself."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.planning import OperationError, Planner
from gateway.planning.likeness import Likeness
from gateway.planning.reach import Reachability
from gateway.supergraph import Supergraph

FIELDS = "abcd"
HEAD = """
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.4", for: EXECUTION) { query: Query }
enum join__Graph { G0 @join__graph(name: "g0", url: "") G1 @join__graph(name: "g1", url: "") G2 @join__graph(name: "g2", url: "") }
type Query @join__type(graph: G0) { nodes: [Node] }
type Part @join__type(graph: G0, key: "id") @join__type(graph: G1, key: "id") @join__type(graph: G2, key: "id") {
  id: ID!
  x: Int @join__field(graph: G1)
}
"""
GRAPHS = ("G0", "G1", "G2")

types = st.fixed_dictionaries(
    {
        "keys": st.fixed_dictionaries(
            {graph: st.sampled_from([', key: "id"', ', key: "id sku"', ""]) for graph in GRAPHS}
        ),
        "fields": st.fixed_dictionaries(
            {name: st.sets(st.sampled_from(GRAPHS), min_size=1) for name in FIELDS}
        ),
        "requires": st.sampled_from(["", "", 'requires: "a"']),
    }
)


def supergraph(found: list[dict[str, Any]]) -> Supergraph:
    """An interface of three subgraphs; `d` is an entity, and may require `a`."""
    fields = "id: ID! sku: ID! a: Int b: Int c: Int d: Part"
    implements = " ".join(f'@join__implements(graph: {graph}, interface: "Node")' for graph in GRAPHS)
    lines = [
        HEAD,
        f"interface Node {' '.join(f'@join__type(graph: {graph})' for graph in GRAPHS)} {{ {fields} }}",
    ]
    for number, type_ in enumerate(found):
        joins = " ".join(f"@join__type(graph: {graph}{key})" for graph, key in type_["keys"].items())
        own = [
            f"{name}: {'Part' if name == 'd' else 'Int'} {' '.join(_join(name, graph, type_) for graph in sorted(graphs))}"
            for name, graphs in type_["fields"].items()
        ]
        lines.append(
            f"type T{number} implements Node {implements} {joins} {{ id: ID! sku: ID! {' '.join(own)} }}"
        )
    return Supergraph.from_sdl("\n".join(lines))


def _join(name: str, graph: str, type_: Mapping[str, Any]) -> str:
    requires = f", {type_['requires']}" if name == "d" and type_["requires"] else ""
    return f"@join__field(graph: {graph}{requires})"


def plan(graph: Supergraph, operation: str) -> str:
    try:
        return str(Planner(graph).plan(operation))
    except OperationError as error:
        return error.code


def each_alone(
    _: object, __: object, views: Mapping[str, frozenset[str]], *___: object
) -> tuple[object, ...]:
    return tuple({view: types} for view, types in views.items())


@settings(deadline=None)
@given(
    st.lists(types, min_size=1, max_size=3),
    st.lists(st.integers(0, 2), min_size=2, max_size=6),
    st.lists(
        st.sampled_from(["a", "b", "c", "d { id x }", "... on T0 { c }", "d @include(if: true) { x }"]),
        min_size=1,
    ),
)
def test_the_plan_is_that_of_each_type_by_itself(
    kinds: list[dict[str, Any]], of: list[int], selected: list[str]
) -> None:
    graph = supergraph([kinds[number % len(kinds)] for number in of])
    operation = f"{{ nodes {{ __typename {' '.join(selected)} }} }}"
    together = plan(graph, operation)
    with patch.object(Likeness, "groups", each_alone):
        assert together == plan(graph, operation)


def test_a_field_is_looked_at_once_for_all_types_that_are_alike() -> None:
    kind: dict[str, Any] = {
        "keys": dict.fromkeys(GRAPHS, ', key: "id"'),
        "fields": dict.fromkeys(FIELDS, ("G1",)),
        "requires": "",
    }
    searches = []
    for count in (3, 30):
        planner = Planner(supergraph([kind] * count))
        with patch.object(
            Reachability, "_find_options", autospec=True, side_effect=Reachability._find_options
        ) as search:
            planner.plan("{ nodes { a b c d { x } } }")
        searches.append(search.call_count)
    few, many = searches
    assert many - few == 27, "but for the key of each"
