"""Contracts: what tags leave of a supergraph."""

from collections.abc import Callable

import pytest
from graphql import build_schema
from hypothesis import given
from hypothesis import strategies as st

from gateway.composition import CompositionResult, SourceLocation, Subgraph, compose, contract
from gateway.supergraph import Supergraph

Compose = Callable[..., CompositionResult]

SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@tag"])
directive @seen(by: Viewer) on FIELD
scalar Viewer
type Query {
  product(id: ID!, draft: Boolean @tag(name: "internal")): Product @tag(name: "public")
  media: Media @tag(name: "public")
  find(filter: Filter): [Node] @tag(name: "internal")
}
interface Node { id: ID! @tag(name: "public") }
type Product implements Node @key(fields: "id") {
  id: ID! @tag(name: "public")
  name: String @tag(name: "public")
  cost: Money @tag(name: "internal")
  state: State @tag(name: "public")
}
type Money @tag(name: "internal") { amount: Int }
enum State { LIVE DRAFT @tag(name: "internal") }
union Media @tag(name: "public") = Image | Video
type Image { url: String @tag(name: "public") }
type Video { url: String }
input Filter { name: String secret: String @tag(name: "internal") }
scalar Unused
"""


@pytest.fixture(scope="module")
def supergraph() -> str:
    result = compose([Subgraph(name="a", sdl=SDL)])
    assert result.supergraph_sdl is not None, result.errors
    return result.supergraph_sdl


def members(result: CompositionResult) -> dict[str, list[str]]:
    """The API's types that the subgraph wrote, each with its fields, values or members."""
    assert result.api_schema_sdl is not None, result.errors
    found = {}
    for name, each in build_schema(result.api_schema_sdl).type_map.items():
        if name.startswith("__") or name in {"ID", "String", "Int", "Boolean", "Float"}:
            continue
        inner = getattr(each, "fields", None) or getattr(each, "values", None)
        found[name] = sorted(inner or (member.name for member in getattr(each, "types", ())))
    return found


def test_what_is_excluded_is_hidden(supergraph: str) -> None:
    assert members(contract(supergraph, exclude=["internal"])) == {
        "Query": ["media", "product"],
        "Node": ["id"],
        "Product": ["id", "name", "state"],
        "State": ["LIVE"],
        "Media": ["Image", "Video"],
        "Image": ["url"],
        "Video": ["url"],
        "Viewer": [],
    }


def test_what_is_not_included_is_hidden_and_types_of_which_nothing_is_left(supergraph: str) -> None:
    found = members(contract(supergraph, include=["public"]))
    assert found["Query"] == ["media", "product"]
    assert found["Product"] == ["id", "name", "state"]
    assert found["State"] == ["DRAFT", "LIVE"]
    assert found["Media"] == ["Image"]
    assert not {"Money", "Video", "Filter", "Unused"} & found.keys()


def test_exclusion_wins_over_inclusion(supergraph: str) -> None:
    found = members(contract(supergraph, include=["public", "internal"], exclude=["internal"]))
    assert found["Query"] == ["media", "product"]
    assert found["State"] == ["LIVE"]


def test_arguments_and_input_fields_can_be_excluded(supergraph: str) -> None:
    api = str(contract(supergraph, exclude=["internal"]).api_schema_sdl)
    assert "product(id: ID!): Product" in api


def test_unreachable_types_may_stay(supergraph: str) -> None:
    found = members(contract(supergraph, exclude=["internal"], hide_unreachable=False))
    assert "Unused" in found
    assert found["Filter"] == ["name"]


def test_a_tag_on_a_type_is_one_on_its_fields(composed: Compose) -> None:
    sdl = composed(a='type Query @tag(name: "x") { a: A b: Int } type A { c: Int @tag(name: "x") d: Int }')
    found = members(contract(str(sdl.supergraph_sdl), include=["x"]))
    assert found == {"Query": ["a", "b"], "A": ["c"]}


def test_without_tags_only_the_unreachable_goes(supergraph: str) -> None:
    found = members(contract(supergraph))
    assert "Unused" not in found
    assert (
        contract(supergraph, hide_unreachable=False).api_schema_sdl
        == compose([Subgraph(name="a", sdl=SDL)]).api_schema_sdl
    )


def test_what_is_left_may_not_be_of_a_hidden_type(composed: Compose) -> None:
    sdl = str(composed(a='type Query { a: A b: Int } type A @tag(name: "x") { c: Int }').supergraph_sdl)
    (error,) = contract(sdl, exclude=["x"]).errors
    assert (error.code, error.coordinate) == ("REFERENCED_INACCESSIBLE", "Query.a")
    (place,) = error.locations
    assert place.subgraph == "supergraph"
    assert sdl.splitlines()[place.line - 1][place.column - 1 :].startswith("a: A")


def test_what_a_composed_directive_takes_is_not_unreachable(composed: Compose) -> None:
    sdl = composed(
        a='extend schema @composeDirective(name: "@mine") @link(url: "https://example.com/mine/v1.0", import: ["@mine"])\n'
        'directive @mine(x: E) on OBJECT enum E @tag(name: "x") { A } type Query { a: Int }'
    )
    assert contract(str(sdl.supergraph_sdl)).errors == ()
    (error,) = contract(str(sdl.supergraph_sdl), exclude=["x"]).errors
    assert (error.code, error.coordinate) == ("REFERENCED_INACCESSIBLE", "@mine(x:)")


def test_a_contract_without_queries_is_an_error(supergraph: str) -> None:
    result = contract(supergraph, include=["nothing"])
    assert {error.code for error in result.errors} == {"QUERY_ROOT_TYPE_INACCESSIBLE"}
    assert result.supergraph_sdl is None


@pytest.mark.parametrize(
    ("sdl", "code", "places"),
    [
        ("type Query {", "INVALID_GRAPHQL", (SourceLocation("supergraph", 1, 13),)),
        ("type Query { a: Int }", "INVALID_FEDERATION_SUPERGRAPH", ()),
        ("{" * 5000, "INVALID_GRAPHQL", None),
    ],
)
def test_what_is_no_supergraph_is_refused(sdl: str, code: str, places: object) -> None:
    (error,) = contract(sdl).errors
    assert error.code == code
    assert places is None or error.locations == places


@given(st.sets(st.sampled_from(["public", "internal"])), st.sets(st.sampled_from(["public", "internal"])))
def test_a_contract_is_a_supergraph_and_the_contract_of_itself(include: set[str], exclude: set[str]) -> None:
    whole = compose([Subgraph(name="a", sdl=SDL)]).supergraph_sdl
    assert whole is not None
    first = contract(whole, include=include, exclude=exclude)
    if first.supergraph_sdl is not None:
        again = contract(first.supergraph_sdl, include=include, exclude=exclude)
        assert again == first
        Supergraph.from_sdl(first.supergraph_sdl)
