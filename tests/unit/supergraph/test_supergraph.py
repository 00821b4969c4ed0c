import gc
from collections.abc import Callable
from contextlib import suppress

import pytest
from graphql import print_schema

from gateway.supergraph import Supergraph, SupergraphError

QUERY = "type Query @join__type(graph: A) { a: String }"


def test_subgraphs_are_found_by_their_own_names(supergraph_sdl: Callable[..., str]) -> None:
    subgraphs = Supergraph.from_sdl(supergraph_sdl(QUERY)).subgraphs
    assert list(subgraphs) == ["a", "b-b"]
    assert (subgraphs["a"].url, subgraphs["b-b"].graph) == ("http://a", "B")


@pytest.mark.parametrize("version", ["v0.2", "v0.3", "v0.4", "v0.5"])
def test_join_versions_of_federation_2_are_read(supergraph_sdl: Callable[..., str], version: str) -> None:
    assert Supergraph.from_sdl(supergraph_sdl(QUERY, join=version)).types["Query"].joins.keys() == {"a"}


def test_a_federation_1_supergraph_is_refused_by_name() -> None:
    text = (
        'schema @core(feature: "https://specs.apollo.dev/join/v0.1") { query: Query }\ntype Query { a: Int }'
    )
    with pytest.raises(SupergraphError) as caught:
        Supergraph.from_sdl(text)
    assert caught.value.code == "UNSUPPORTED_FEDERATION_VERSION"
    assert caught.value.locations[0].line == 1


def test_a_schema_without_join_is_no_supergraph() -> None:
    with pytest.raises(SupergraphError) as caught:
        Supergraph.from_sdl("type Query { a: Int }")
    assert caught.value.code == "INVALID_FEDERATION_SUPERGRAPH"


def test_a_syntax_error_has_its_place() -> None:
    with pytest.raises(SupergraphError) as caught:
        Supergraph.from_sdl("type Query {\n  a: }")
    assert caught.value.code == "INVALID_GRAPHQL"
    assert (caught.value.locations[0].line, caught.value.locations[0].column) == (2, 6)


@pytest.mark.parametrize("purpose", ["EXECUTION", "SECURITY"])
def test_an_unknown_feature_that_is_needed_is_refused(
    supergraph_sdl: Callable[..., str], purpose: str
) -> None:
    link = f'@link(url: "https://example.com/secrets/v1.0", for: {purpose})'
    with pytest.raises(SupergraphError) as caught:
        Supergraph.from_sdl(supergraph_sdl(QUERY, links=link))
    assert caught.value.code == "UNSUPPORTED_LINKED_FEATURE"


def test_an_unknown_feature_without_purpose_is_ignored(supergraph_sdl: Callable[..., str]) -> None:
    link = '@link(url: "https://example.com/notes/v1.0", import: ["@note"])'
    sdl = supergraph_sdl(QUERY + " directive @note on FIELD", links=link)
    assert "note" not in print_schema(Supergraph.from_sdl(sdl).api_schema)


def test_an_unknown_graph_is_named_with_its_place(supergraph_sdl: Callable[..., str]) -> None:
    with pytest.raises(SupergraphError, match="unknown graph C") as caught:
        Supergraph.from_sdl(supergraph_sdl("type Query @join__type(graph: C) { a: String }"))
    assert caught.value.locations


def test_the_api_schema_has_no_machinery_and_nothing_inaccessible(supergraph_sdl: Callable[..., str]) -> None:
    types = """
    type Query @join__type(graph: A) { a(hidden: Int @inaccessible, shown: Int): T secret: String @inaccessible u: U }
    type T @join__type(graph: A, key: "id") @tag(name: "x") { id: ID! old: Int @deprecated(reason: "no") e: E }
    type Hidden @join__type(graph: A) @inaccessible { id: ID }
    union U @join__type(graph: A) = T | Hidden
    enum E @join__type(graph: A) { ONE TWO @inaccessible }
    """
    link = '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)'
    printed = print_schema(Supergraph.from_sdl(supergraph_sdl(types, links=link)).api_schema)
    for gone in ("join__", "link", "Hidden", "hidden", "secret", "TWO", "@tag", "@inaccessible"):
        assert gone not in printed
    assert 'old: Int @deprecated(reason: "no")' in printed
    assert "union U = T" in printed


def test_an_imported_directive_is_known_by_its_local_name(supergraph_sdl: Callable[..., str]) -> None:
    link = (
        '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY, '
        'import: [{name: "@inaccessible", as: "@private"}])'
    )
    types = "type Query @join__type(graph: A) { a: String b: String @private } directive @private on FIELD_DEFINITION"
    printed = print_schema(Supergraph.from_sdl(supergraph_sdl(types, links=link)).api_schema)
    assert "b: String" not in printed


def test_a_hidden_root_type_leaves_the_other_roots(supergraph_sdl: Callable[..., str]) -> None:
    link = '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)'
    types = QUERY + " type Mutation @join__type(graph: A) @inaccessible { m: Int }"
    sdl = supergraph_sdl(types, links=link).replace("{ query: Query }", "{ query: Query mutation: Mutation }")
    schema = Supergraph.from_sdl(sdl).api_schema
    assert schema.mutation_type is None


def test_root_types_have_their_default_names_without_a_schema_definition(
    supergraph_sdl: Callable[..., str],
) -> None:
    sdl = (
        supergraph_sdl(QUERY)
        .replace("schema @link", "extend schema @link", 1)
        .replace("{ query: Query }", "", 1)
    )
    assert dict(Supergraph.from_sdl(sdl).roots) == {"query": "Query"}


def test_directives_of_operations_belong_to_the_api_schema(supergraph_sdl: Callable[..., str]) -> None:
    types = (
        QUERY
        + " directive @timing(unit: Unit) on FIELD | QUERY enum Unit { MS S } directive @owner on OBJECT"
    )
    schema = Supergraph.from_sdl(supergraph_sdl(types)).api_schema
    assert schema.get_directive("timing")
    assert schema.get_directive("owner") is None
    assert schema.get_directive("join__type") is None


def test_reading_leaves_garbage_collection_as_it_was(supergraph_sdl: Callable[..., str]) -> None:
    for text in (supergraph_sdl(QUERY), "type", "type Query { a: Int }"):
        with suppress(SupergraphError):
            Supergraph.from_sdl(text)
        assert gc.isenabled()
