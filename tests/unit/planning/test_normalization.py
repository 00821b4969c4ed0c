import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from gateway.planning import OperationError
from gateway.planning.normalization import Normalizer
from gateway.planning.selection import Selection
from gateway.supergraph import Supergraph
from gateway.supergraph.query_graph import QueryGraph

SDL = """
schema @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
enum join__Graph { A @join__graph(name: "a", url: "") }
type Query { node(x: Int, y: [Int]): Node }
interface Node { id: ID name: String next: Node }
type X implements Node { id: ID name: String next: Node x: Int }
type Y implements Node { id: ID name: String next: Node }
"""
GRAPH = QueryGraph(Supergraph.from_sdl(SDL))


def selections_of(text: str, *, defers: bool = False) -> tuple[Selection, ...]:
    document = parse(text)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    return Normalizer(GRAPH, fragments, defers=defers).normalize(operation.selection_set, "Query").selections


def shape(selections: tuple[Selection, ...]) -> list[object]:
    return [
        (found.response_key, "".join(sorted(found.types)), *shape(found.selections)) for found in selections
    ]


def test_fields_of_one_response_key_become_one_selection() -> None:
    found = selections_of(
        "{ node { id } ...F node { name } } fragment F on Query { node { ... on Node { name } } }"
    )
    assert shape(found) == [("node", "Query", ("id", "XY"), ("name", "XY"))]


def test_type_conditions_become_the_types_for_which_a_field_counts() -> None:
    found = selections_of("{ node { ... on X { ... on Node { id } x } ... on Y { name ... on X { x } } } }")
    assert shape(found) == [("node", "Query", ("id", "X"), ("x", "X"), ("name", "Y"))]


def test_what_is_selected_for_all_types_is_not_selected_again_for_one() -> None:
    assert shape(selections_of("{ node { id ... on X { id } } }")) == [("node", "Query", ("id", "XY"))]


def test_below_an_object_what_is_selected_for_all_types_is_not_selected_again() -> None:
    found = selections_of(
        "{ node { next { id name } ... on X { next { id next { id } } } ... on Y { next { id } } } }"
    )
    assert shape(found) == [
        (
            "node",
            "Query",
            ("next", "XY", ("id", "XY"), ("name", "XY")),
            ("next", "X", ("next", "XY", ("id", "XY"))),
        )
    ]


def test_below_an_object_what_is_selected_anyway_is_not_selected_under_a_condition() -> None:
    found = selections_of(
        "query ($a: Boolean!) { node { next { id } next @include(if: $a) { id name } x: next @skip(if: $a) { id } } }"
    )
    assert shape(found) == [
        (
            "node",
            "Query",
            ("next", "XY", ("id", "XY")),
            ("next", "XY", ("name", "XY")),
            ("x", "XY", ("id", "XY")),
        )
    ]


def test_conditions_by_variables_stay_and_literal_ones_are_decided() -> None:
    (node,) = selections_of(
        "query ($a: Boolean!, $b: Boolean!) { node { id @include(if: $a) @skip(if: $b) name @skip(if: true) "
        "... @include(if: $a) { x: name @include(if: true) } } }"
    )
    assert [(found.response_key, found.conditions) for found in node.selections] == [
        ("id", (("a", True), ("b", False))),
        ("x", (("a", True),)),
    ]


def test_arguments_are_text_and_their_variables_known() -> None:
    (node,) = selections_of("query ($x: Int, $y: Int) { node(x: $x, y: [1, $y]) { id } }")
    assert (node.arguments, node.variables) == ("x: $x, y: [1, $y]", {"x", "y"})


def test_a_selection_can_be_cut_to_some_of_its_leaves() -> None:
    (node,) = selections_of("{ node { id name } }")
    first = node.selections[0].leaves
    assert shape((node.restricted(first),)) == [("node", "Query", ("id", "XY"))]
    assert node.restricted(node.leaves) is node


def doubling(level: str, levels: int) -> str:
    """Fragments of which each spreads the next one twice, by `level`."""
    fragments = "".join(
        f"fragment F{number} on Node {{ {level.replace('NEXT', f'...F{number + 1}')} }} "
        for number in range(levels)
    )
    return f"{{ node {{ ...F0 }} }} {fragments} fragment F{levels} on Node {{ id }}"


@pytest.mark.parametrize("level", ["name NEXT NEXT", "next { NEXT } next { NEXT }"])
def test_what_is_spread_twice_is_collected_once(level: str) -> None:
    assert len(selections_of(doubling(level, 60))[0].selections) <= 2


@pytest.mark.parametrize(
    "level",
    [
        "next { NEXT } next @skip(if: $x) { NEXT }",
        "next { NEXT } ... on X { next { NEXT } }",
        "... @defer { NEXT } ... @defer { NEXT }",
    ],
)
def test_what_doubles_at_each_level_is_refused(level: str) -> None:
    with pytest.raises(OperationError) as caught:
        selections_of(doubling(level, 60), defers=True)
    assert caught.value.code == "QUERY_PLAN_COMPLEXITY_EXCEEDED"
