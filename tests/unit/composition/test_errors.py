"""Errors of composition: their code, their coordinate, and where they point."""

from collections.abc import Callable

import pytest

from gateway.composition import CompositionResult, SourceLocation, Subgraph, compose

Compose = Callable[..., CompositionResult]


def test_a_syntax_error_points_at_its_line_and_column() -> None:
    result = compose([Subgraph(name="a", sdl="type Query {\n  a: Int\n  b: }\n")])
    assert [error.code for error in result.errors] == ["INVALID_GRAPHQL"]
    assert result.errors[0].locations == (SourceLocation("a", 3, 6),)
    assert result.supergraph_sdl is None
    assert result.api_schema_sdl is None


def test_each_circle_of_required_inputs_is_reported_once() -> None:
    sdl = "type Query { a(x: A, s: S, ok: Ok): Int }\ninput Leads { a: A! }\ninput A { b: B! }\ninput B { c: C! ok: Ok! }\n"
    sdl += "input C { a: A! }\ninput S { s: S! }\ninput Ok { ok: Ok oks: [Ok!]! }"
    errors = compose([Subgraph(name="a", sdl=sdl)]).errors
    assert [(error.code, error.coordinate) for error in errors] == [
        ("INVALID_GRAPHQL", "A"),
        ("INVALID_GRAPHQL", "S"),
    ]
    assert errors[0].locations == (SourceLocation("a", 3, 7),)


def test_an_error_between_subgraphs_points_into_each(composed: Compose) -> None:
    result = composed(a="type Query { x: Int @shareable }", b="type Query { x: String @shareable }")
    (error,) = result.errors
    assert (error.code, error.coordinate) == ("FIELD_TYPE_MISMATCH", "Query.x")
    assert error.locations == (SourceLocation("a", 2, 14), SourceLocation("b", 2, 14))
    assert 'it has type "Int" in subgraph "a" but type "String" in subgraph "b"' in error.message


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://specs.apollo.dev/federation/v2.99", "UNKNOWN_FEDERATION_LINK_VERSION"),
        ("https://specs.apollo.dev/link/v6.9", "UNKNOWN_LINK_VERSION"),
        ("https://specs.apollo.dev/connect/v0.1", "UNSUPPORTED_FEATURE"),
        ("https://specs.apollo.dev/", "INVALID_LINK_IDENTIFIER"),
        ("https://specs.apollo.dev/federation/two", "INVALID_LINK_IDENTIFIER"),
    ],
)
def test_links_that_cannot_be_followed_are_refused(url: str, code: str) -> None:
    sdl = f'extend schema @link(url: "{url}")\ntype Query {{ a: Int }}'
    result = compose([Subgraph(name="a", sdl=sdl)])
    assert {error.code for error in result.errors} == {code}
    assert result.errors[0].locations == (SourceLocation("a", 1, 16),)


@pytest.mark.parametrize(
    "arguments",
    [
        'import: [{name: "@key", as: "@a:b"}]',
        'import: [{name: "@key", as: "@"}]',
        'import: [{name: "@key", as: "@__key"}]',
        'import: [{name: "FieldSet", as: "1a"}]',
        'as: "a b"',
        'as: ""',
        'as: "a__b"',
    ],
)
def test_what_is_linked_is_renamed_to_a_name(arguments: str) -> None:
    sdl = f'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", {arguments})\ntype Query {{ a: Int }}'
    found = compose([Subgraph(name="a", sdl=sdl)]).errors
    assert {error.code for error in found} == {"INVALID_LINK_DIRECTIVE_USAGE"}
    assert found[0].locations == (SourceLocation("a", 1, 16),)


def test_a_directive_that_is_not_imported_says_what_to_import() -> None:
    sdl = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\ntype Query { a: Int @shareable }'
    (error,) = compose([Subgraph(name="a", sdl=sdl)]).errors
    assert error.code == "INVALID_GRAPHQL"
    assert 'add "@shareable" to the `import` argument' in error.message


@pytest.mark.parametrize("names", [["_"], [""], ["a", "a"]])
def test_subgraph_names_are_given_and_unique(names: list[str]) -> None:
    result = compose(Subgraph(name=name, sdl="type Query { a: Int }") for name in names)
    assert "INVALID_SUBGRAPH_NAME" in {error.code for error in result.errors}


def test_no_subgraphs_are_no_supergraph() -> None:
    assert [error.code for error in compose([]).errors] == ["NO_QUERIES"]


@pytest.mark.parametrize("schema", ["schema { query: Int }", "extend schema { query: Int }"])
def test_an_error_of_what_nobody_wrote_stands_at_the_start(schema: str) -> None:
    (error,) = compose([Subgraph(name="a", sdl=f"\n{schema}")]).errors
    assert (error.code, error.locations) == ("INVALID_GRAPHQL", (SourceLocation("a", 1, 1),))


def test_specifications_that_disagree_are_named_where_they_are_linked() -> None:
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@composeDirective", "@shareable"])\n'
        '  @composeDirective(name: "@mine")\n  @link(url: "https://example.com/mine/{}", import: ["@mine"])\n'
        "directive @mine on FIELD_DEFINITION\ntype Query {{ a: Int @shareable }}"
    )
    (error,) = compose(Subgraph(name=name, sdl=sdl.format(name)) for name in ("v1.0", "v2.0")).errors
    assert error.code == "DIRECTIVE_COMPOSITION_ERROR"
    assert error.locations == (SourceLocation("v1.0", 3, 4), SourceLocation("v2.0", 3, 4))


def test_a_composed_directive_does_not_change_a_built_in_one_of_another_subgraph(composed: Compose) -> None:
    result = composed(
        a="type Query { a(by: By): Int } input By @oneOf { id: ID name: String }",
        b='extend schema @composeDirective(name: "@oneOf") @link(url: "https://example.com/one/v1.0", import: ["@oneOf"])\n'
        'directive @oneOf(arg: String!) on INPUT_OBJECT type Query { b(in: In): Int } input In @oneOf(arg: "x") { x: Int }',
    )
    assert [(error.code, error.coordinate) for error in result.errors] == [
        ("DIRECTIVE_COMPOSITION_ERROR", "By")
    ]


def test_fields_of_the_subscription_root_are_never_shareable(composed: Compose) -> None:
    result = composed(a="type Query { a: Int } type Subscription { s: Int @shareable }")
    assert [(error.code, error.coordinate) for error in result.errors] == [
        ("INVALID_FIELD_SHARING", "Subscription.s")
    ]


def test_a_type_of_a_linked_specification_is_never_inaccessible(composed: Compose) -> None:
    result = composed(
        a='extend schema @composeDirective(name: "@mine") @link(url: "https://example.com/mine/v1.0", import: ["@mine"])\n'
        "directive @mine(a: mine__X) on FIELD_DEFINITION scalar mine__X @inaccessible type Query { a: Int @mine }"
    )
    assert {error.code for error in result.errors} == {"DISALLOWED_INACCESSIBLE"}


def test_a_federation_1_type_of_external_fields_only_is_dropped_where_nothing_uses_it() -> None:
    subgraphs = [
        Subgraph(name="a", sdl="type Query { a: Int } type T { a: Int @external }"),
        Subgraph(name="b", sdl="type Query { t: T } type T { a: Int }"),
    ]
    assert "@join__type(graph: A)\n" not in str(compose(subgraphs).supergraph_sdl).partition("type T")[2]
