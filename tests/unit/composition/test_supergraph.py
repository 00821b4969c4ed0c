"""The supergraph that composition emits."""

from collections.abc import Callable

import pytest
from graphql import parse

from gateway.composition import CompositionResult, Subgraph, compose
from gateway.composition.merge.context import join_graph_names

Compose = Callable[..., CompositionResult]

USERS = """
type Query { me: User }
type User @key(fields: "id") { id: ID! name: String! }
"""
REVIEWS = """
type Review { body: String! author: User @provides(fields: "name") }
type User @key(fields: "id") { id: ID! name: String! @external reviews: [Review!]! greeting: String @requires(fields: "name") }
"""


def supergraph(result: CompositionResult) -> str:
    assert result.errors == ()
    assert result.supergraph_sdl is not None
    parse(result.supergraph_sdl)
    return result.supergraph_sdl


def test_an_entity_of_two_subgraphs_has_a_join_type_each_and_join_fields_where_they_differ(
    composed: Compose,
) -> None:
    sdl = supergraph(
        composed(users=USERS.replace("name: String!", "name: String! @shareable"), reviews=REVIEWS)
    )
    assert (
        "type User\n"
        '  @join__type(graph: REVIEWS, key: "id")\n'
        '  @join__type(graph: USERS, key: "id")\n'
        "{\n"
        "  id: ID!\n"
        "  name: String! @join__field(graph: REVIEWS, external: true) @join__field(graph: USERS)\n"
        "  reviews: [Review!]! @join__field(graph: REVIEWS)\n"
        '  greeting: String @join__field(graph: REVIEWS, requires: "name")\n'
        "}"
    ) in sdl
    assert "author: User @join__field" not in sdl.split("type Review")[0]
    assert 'author: User @join__field(graph: REVIEWS, provides: "name")' in sdl


def test_urls_and_names_stand_in_the_graph_enum(composed: Compose) -> None:
    assert 'USERS @join__graph(name: "users", url: "http://users")' in supergraph(composed(users=USERS))


@pytest.mark.parametrize(
    ("version", "join"),
    [("v2.0", "v0.3"), ("v2.6", "v0.3"), ("v2.7", "v0.4"), ("v2.8", "v0.5"), ("v2.15", "v0.5")],
)
def test_the_join_version_follows_the_federation_version(version: str, join: str) -> None:
    head = f'extend schema @link(url: "https://specs.apollo.dev/federation/{version}", import: ["@key"])'
    sdl = supergraph(compose([Subgraph(name="a", sdl=f"{head} type Query {{ a: Int }}")]))
    assert f'"https://specs.apollo.dev/join/{join}", for: EXECUTION' in sdl


def test_a_federation_1_subgraph_composes_beside_a_federation_2_one() -> None:
    old = 'type Query { me: User } type User @key(fields: "id") { id: ID! name: String }'
    new = """
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
    type User @key(fields: "id") { id: ID! name: String @shareable age: Int }
    """
    sdl = supergraph(compose([Subgraph(name="old", sdl=old), Subgraph(name="new", sdl=new)]))
    assert "age: Int @join__field(graph: NEW)" in sdl


def test_custom_root_names_become_the_default_ones(composed: Compose) -> None:
    sdl = supergraph(composed(a="schema { query: RootQuery } type RootQuery { self: RootQuery n: Int }"))
    assert "self: Query" in sdl
    assert "RootQuery" not in sdl


def test_names_that_become_equal_are_numbered() -> None:
    assert join_graph_names(["a-b", "a.b", "3x", "v_2", "ok"]) == ["A_B_1", "A_B_2", "_3X", "V_2_", "OK"]


def test_inaccessible_elements_stay_in_the_supergraph_and_leave_the_api(composed: Compose) -> None:
    result = composed(a="type Query { a: Int b: T @inaccessible } type T @inaccessible { x: Int }")
    assert "b: T @inaccessible" in supergraph(result)
    assert result.api_schema_sdl == "type Query {\n  a: Int\n}\n"


def test_an_interface_object_adds_its_fields_to_every_implementation(composed: Compose) -> None:
    result = composed(
        media='interface Media @key(fields: "id") { id: ID! } type Book implements Media @key(fields: "id") { id: ID! }'
        " type Query { media: [Media] }",
        stars='type Media @interfaceObject @key(fields: "id") { id: ID! stars: Int }',
    )
    sdl = supergraph(result)
    assert '@join__type(graph: STARS, key: "id", isInterfaceObject: true)' in sdl
    assert "stars: Int @join__field\n" in sdl


def test_a_progressive_override_carries_its_label_on_both_sides(composed: Compose) -> None:
    result = composed(
        a='type Query { t: T } type T @key(fields: "id") { id: ID! x: Int }',
        b='type T @key(fields: "id") { id: ID! x: Int @override(from: "a", label: "percent(10)") }',
    )
    assert (
        'x: Int @join__field(graph: A, overrideLabel: "percent(10)")'
        ' @join__field(graph: B, override: "a", overrideLabel: "percent(10)")'
    ) in supergraph(result)


def test_scopes_of_two_subgraphs_are_both_required(composed: Compose) -> None:
    field = "type Query {{ a: Int @shareable @requiresScopes(scopes: {}) }}"
    sdl = supergraph(composed(a=field.format('[["x"], ["y"]]'), b=field.format('[["z"]]')))
    assert '@requiresScopes(scopes: [["x", "z"], ["y", "z"]])' in sdl


def test_what_guards_an_interface_object_field_guards_the_implementations(composed: Compose) -> None:
    result = composed(
        a='interface I @key(fields: "id") { id: ID! } type T implements I @key(fields: "id") { id: ID! } type Query { i: I }',
        b='type I @interfaceObject @key(fields: "id") { id: ID! secret: Int @authenticated }',
    )
    sdl = supergraph(result)
    assert "secret: Int @join__field @authenticated" in sdl
    assert "secret: Int @join__field(graph: B) @authenticated" in sdl


def test_cache_tags_travel_in_join_directives(composed: Compose) -> None:
    sdl = supergraph(composed(a='type Query { a: Int @cacheTag(format: "a") }'))
    assert '@join__directive(graphs: [A], name: "federation__cacheTag", args: {format: "a"})' in sdl


def test_a_composed_directive_comes_with_its_specification() -> None:
    sdl = """
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@composeDirective"])
      @link(url: "https://example.com/mark/v1.2", import: ["@mark"]) @composeDirective(name: "@mark")
    directive @mark(level: Int) on FIELD_DEFINITION
    type Query { a: Int @mark(level: 3) }
    """
    result = supergraph(compose([Subgraph(name="a", sdl=sdl)]))
    assert '@link(url: "https://example.com/mark/v1.2", import: ["@mark"])' in result
    assert "a: Int @mark(level: 3)" in result


def test_one_of_inputs_keep_their_rule_for_clients(composed: Compose) -> None:
    result = composed(a="type Query { a(by: By): Int } input By @oneOf { id: ID name: String }")
    assert "directive @oneOf on INPUT_OBJECT" in supergraph(result)
    assert result.api_schema_sdl is not None
    assert "input By @oneOf" in result.api_schema_sdl


def test_contextual_arguments_never_reach_clients(composed: Compose) -> None:
    result = composed(
        a="""
        type Query { user: User }
        type User @key(fields: "id") @context(name: "user") { id: ID! locale: String! post: Post }
        type Post @key(fields: "id") { id: ID! text(locale: String @fromContext(field: "$user { locale }")): String! }
        """
    )
    assert (
        'contextArguments: [{context: "a__user", name: "locale", type: "String", selection: " { locale }"}]'
    ) in supergraph(result)
    assert result.api_schema_sdl is not None
    assert "text: String!" in result.api_schema_sdl


def test_enums_merge_by_their_use(composed: Compose) -> None:
    a = "type Query { a: Out @shareable f(i: In): Int @shareable } enum Out { A B } enum In { A B }"
    b = "type Query { a: Out @shareable f(i: In): Int @shareable } enum Out { A C } enum In { A C }"
    api = composed(a=a, b=b).api_schema_sdl
    assert api is not None
    assert "enum Out {\n  A\n  B\n  C\n}" in api
    assert "enum In {\n  A\n}" in api


def test_types_widen_for_output_and_narrow_for_input(composed: Compose) -> None:
    a = "type Query { x(i: Int): Int! @shareable }"
    b = "type Query { x(i: Int!): Int @shareable }"
    assert composed(a=a, b=b).api_schema_sdl == "type Query {\n  x(i: Int!): Int\n}\n"
