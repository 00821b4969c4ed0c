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


def test_an_error_between_subgraphs_points_into_each(composed: Compose) -> None:
    result = composed(a="type Query { x: Int @shareable }", b="type Query { x: String @shareable }")
    (error,) = result.errors
    assert (error.code, error.coordinate) == ("FIELD_TYPE_MISMATCH", "Query.x")
    assert error.locations == (SourceLocation("a", 2, 14), SourceLocation("b", 2, 14))
    assert 'it has type "Int" in subgraph "a" but type "String" in subgraph "b"' in error.message


ONE_SUBGRAPH = {
    "INVALID_GRAPHQL": "type Query { a: Missing }",
    "KEY_INVALID_FIELDS": 'type Query { t: T } type T @key(fields: "nope") { id: ID! }',
    "KEY_INVALID_FIELDS_TYPE": "type Query { t: T } type T @key(fields: true) { id: ID! }",
    "KEY_FIELDS_HAS_ARGS": 'type Query { t: T } type T @key(fields: "id") { id(a: Int): ID! }',
    "KEY_FIELDS_SELECT_INVALID_TYPE": 'type Query { t: T } type T @key(fields: "u { __typename }") { u: U } union U = T',
    "REQUIRES_FIELDS_MISSING_EXTERNAL": 'type Query { t: T } type T @key(fields: "id") { id: ID! a: Int b: Int @requires(fields: "a") }',
    "REQUIRES_INVALID_FIELDS": 'type Query { t: T } type T @key(fields: "id") { id: ID! b: Int @requires(fields: "a") }',
    "PROVIDES_ON_NON_OBJECT_FIELD": 'type Query { a: Int @provides(fields: "b") }',
    "PROVIDES_FIELDS_MISSING_EXTERNAL": 'type Query { t: T @provides(fields: "a") } type T { a: Int }',
    "EXTERNAL_ON_INTERFACE": "type Query { i: I } interface I { a: Int @external } type T implements I { a: Int }",
    "INVALID_SHAREABLE_USAGE": "type Query { i: I } interface I { a: Int @shareable } type T implements I { a: Int }",
    "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE": "type Query { i: I } interface I @authenticated { a: Int } type T implements I { a: Int }",
    "INTERFACE_OBJECT_USAGE_ERROR": "type Query { i: I } type I @interfaceObject { a: Int }",
    "INTERFACE_KEY_NOT_ON_IMPLEMENTATION": 'type Query { i: I } interface I @key(fields: "id") { id: ID! } type T implements I { id: ID! }',
    "OVERRIDE_FROM_SELF_ERROR": 'type Query { a: Int @override(from: "a") }',
    "EXTERNAL_MISSING_ON_BASE": 'type Query { t: T @provides(fields: "x") } type T @key(fields: "id") { id: ID! x: Int @external }',
    "NO_QUERIES": "type T { a: Int }",
    "ROOT_MUTATION_USED": "schema { query: Query mutation: M } type Query { a: Int } type M { a: Int } type Mutation { a: Int }",
    "QUERY_ROOT_TYPE_INACCESSIBLE": "type Query @inaccessible { a: Int }",
    "ONLY_INACCESSIBLE_CHILDREN": "type Query { t: T } type T { a: Int @inaccessible }",
    "REFERENCED_INACCESSIBLE": "type Query { t: T } type T @inaccessible { a: Int }",
    "REQUIRED_INACCESSIBLE": "type Query { a(b: Int! @inaccessible): Int }",
    "DEFAULT_VALUE_USES_INACCESSIBLE": "type Query { a(e: E = A): E } enum E { A @inaccessible B }",
    "IMPLEMENTED_BY_INACCESSIBLE": "type Query { i: I } interface I { a: Int } type T implements I { a: Int @inaccessible b: Int }",
    "LIST_SIZE_APPLIED_TO_NON_LIST": "type Query { a: Int @listSize(assumedSize: 3) }",
    "LIST_SIZE_INVALID_ASSUMED_SIZE": "type Query { a: [Int] @listSize(assumedSize: -3) }",
    "LIST_SIZE_INVALID_SLICING_ARGUMENT": 'type Query { a: [Int] @listSize(slicingArguments: ["first"]) }',
    "COST_APPLIED_TO_INTERFACE_FIELD": "type Query { i: I } interface I { a: Int @cost(weight: 2) } type T implements I { a: Int }",
    "DIRECTIVE_COMPOSITION_ERROR": 'extend schema @composeDirective(name: "nope") type Query { a: Int }',
    "CONTEXT_NAME_INVALID": 'type Query { t: T } type T @key(fields: "id") @context(name: "a_b") { id: ID! }',
    "CONTEXT_NOT_SET": 'type Query { t: T } type T @key(fields: "id") { id: ID! a(b: ID @fromContext(field: "$c { id }")): Int }',
    "NO_CONTEXT_IN_SELECTION": 'type Query { t: T } type T @key(fields: "id") { id: ID! a(b: ID @fromContext(field: "c")): Int }',
    "DIRECTIVE_DEFINITION_INVALID": "directive @shareable(a: Int!) on FIELD_DEFINITION type Query { a: Int }",
    "TYPE_DEFINITION_INVALID": "type federation__FieldSet { a: Int } type Query { a: Int }",
    "EXTENSION_WITH_NO_BASE": "type Query { t: T } extend type T { a: Int }",
}


@pytest.mark.parametrize("code", ONE_SUBGRAPH)
def test_one_subgraph_can_be_wrong(composed: Compose, code: str) -> None:
    result = composed(a=ONE_SUBGRAPH[code])
    assert {error.code for error in result.errors} == {code}
    assert all(error.message for error in result.errors)


TWO_SUBGRAPHS = {
    "INVALID_FIELD_SHARING": ("type Query { a: Int }", "type Query { a: Int }"),
    "TYPE_KIND_MISMATCH": ("type Query { a: T } type T { a: Int }", "scalar T"),
    "FIELD_ARGUMENT_TYPE_MISMATCH": (
        "type Query { a(x: Int): Int @shareable }",
        "type Query { a(x: ID): Int @shareable }",
    ),
    "FIELD_ARGUMENT_DEFAULT_MISMATCH": (
        "type Query { a(x: Int = 1): Int @shareable }",
        "type Query { a(x: Int = 2): Int @shareable }",
    ),
    "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH": (
        "type Query { a(x: Int!): Int @shareable }",
        "type Query { a: Int @shareable }",
    ),
    "ENUM_VALUE_MISMATCH": ("type Query { a(e: E): E } enum E { A }", "enum E { A B }"),
    "EMPTY_MERGED_INPUT_TYPE": ("type Query { a(i: I): Int } input I { a: Int }", "input I { b: Int }"),
    "EMPTY_MERGED_ENUM_TYPE": ("type Query { a(e: E): Int } enum E { A }", "enum E { B }"),
    "OVERRIDE_LABEL_INVALID": (
        'type Query { a: Int @override(from: "b", label: "1!") }',
        "type Query { a: Int }",
    ),
    "OVERRIDE_SOURCE_HAS_OVERRIDE": (
        'type Query { a: Int @shareable @override(from: "b") }',
        'type Query { a: Int @shareable @override(from: "a") }',
    ),
    "INTERFACE_FIELD_NO_IMPLEM": (
        "type Query { i: I } interface I { a: Int b: Int } type T implements I { a: Int @shareable b: Int }",
        "interface I { a: Int } type U implements I { a: Int }",
    ),
    "EXTERNAL_TYPE_MISMATCH": (
        'type Query { t: T } type T @key(fields: "id") { id: ID! a: Int }',
        'type T @key(fields: "id") { id: ID! a: String @external b: Int @requires(fields: "a") }',
    ),
    "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL": (
        'type Query { t: T } type T @key(fields: "id") { id: ID! a: Int }',
        'type T @key(fields: "id") { id: ID! a: Int @external @tag(name: "x") b: Int @requires(fields: "a") }',
    ),
    "MISSING_TRANSITIVE_AUTH_REQUIREMENTS": (
        'type Query { t: T } type T @key(fields: "id") { id: ID! a: Int @authenticated }',
        'type T @key(fields: "id") { id: ID! a: Int @external b: Int @requires(fields: "a") }',
    ),
    "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES": (
        "type Query { u: U @shareable } union U = A type A { a: Int }",
        "type Query { u: U @shareable } union U = B type B { a: Int }",
    ),
}


@pytest.mark.parametrize("code", TWO_SUBGRAPHS)
def test_two_subgraphs_can_disagree(composed: Compose, code: str) -> None:
    first, second = TWO_SUBGRAPHS[code]
    assert {error.code for error in composed(a=first, b=second).errors} == {code}


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
