"""`@fromContext`: which selections give an argument its value, and what the supergraph says of it."""

from collections.abc import Callable

import pytest

from gateway.composition import CompositionResult

Compose = Callable[..., CompositionResult]

SDL = """
type Query {{ t: T s: S }}
type T @key(fields: "id") @context(name: "c") {{
  id: ID!  text: String  number: Int  needed: String!  texts: [String!]!
  inner: Inner  inners: [Inner]  named: Named  with(x: Int!): String  u: U
}}
type S @context(name: "pair") @context(name: "c") {{ text: String number: Int needed: String! texts: [String!]!
  inner: Inner inners: [Inner] named: Named with(x: Int!): String other: String u: U }}
type R @context(name: "pair") {{ text: String u: U }}
type Inner {{ text: String number: Int needed: String! }}
interface Named {{ text: String }}
type Name implements Named {{ text: String }}
type U @key(fields: "id") {{ id: ID! a(x: {type} @fromContext(field: "{field}")): Int }}
"""


def result_of(composed: Compose, field: str, type_: str) -> CompositionResult:
    return composed(a=SDL.format(field=field, type=type_))


@pytest.mark.parametrize(
    ("field", "type_"),
    [
        ("$c { text }", "String"),
        ("$c text", "String"),
        ("# of the context\\n $ c {text} ", "String"),
        ("$c { needed }", "String"),
        ("$c { number }", "Int"),
        ("$c { texts }", "[String]"),
        ("$c { inners { needed } }", "[String]"),
        ("$c { inner { text } }", "String"),
        ("$c { named { text } }", "String"),
        ("$c { inner { text needed } }", "String"),
        ("$c { with(x: 1) }", "String"),
        ("$c { __typename }", "String"),
        ("$c { ... on T { text } ... on S { other } }", "String"),
        ("$pair { ... on S { other } ... on R { text } }", "String"),
    ],
)
def test_a_selection_of_one_value_of_the_type_is_taken(composed: Compose, field: str, type_: str) -> None:
    found = {error.code for error in result_of(composed, field, type_).errors}
    assert found <= {"SATISFIABILITY_ERROR"}


@pytest.mark.parametrize(
    ("field", "type_", "reason"),
    [
        ("$c { number }", "String", 'its type "Int" on "T" does not match the expected type "String"'),
        ("$c { needed }", "String!", 'does not match the expected type "String!"'),
        ("$c { texts }", "String", 'its type "[String]" on "T"'),
        ("$c { text }", "[String]", 'its type "String" on "T"'),
        ("$c { inners { text } }", "String", 'its type "[String]" on "T"'),
        ("$c { text needed }", "String", "more than one field"),
        ("$c { inner { text number } }", "String", "does not match"),
        ("$c { ... on T { text } needed }", "String", "more than one field"),
        ("$c { nope }", "String", 'type "T" has no field "nope"'),
        ("$c { inner }", "String", 'field "T.inner" needs fields to select'),
        ("$c { text { x } }", "String", 'field "T.text" has no fields to select'),
        ("$c { __typename { x } }", "String", "has no field"),
        ("$c { with(y: 1) }", "String", 'has no argument "y"'),
        ("$c { with }", "String", "is required"),
        ("$c { other: text }", "String", "aliases"),
        ("$c { text @skip(if: true) }", "String", "directives"),
        ("$c { ... { text } }", "String", "type condition of its own"),
        ("$c { ... on T { text } ... on T { text } }", "String", "type condition of its own"),
        ("$c { ... on T { text } }", "String", 'no type condition matches "S"'),
        ("$c { ... on T { text } ... on S { text } ... on R { text } }", "String", '"R" is never used'),
        ("$c { ... on Named { text } ... on T { text } ... on S { text } }", "String", "not an object type"),
        ("$c { ... on Int { text } }", "String", '"Int" is not a type with fields'),
        ("$c { ... on T { number } ... on S { text } }", "String", 'its type "Int" on "T"'),
        ("$c { named { ... on Name { text } } }", "String", "does not match"),
        ("$c { ...F }", "String", "named fragments"),
        ("$c { text", "String", "Syntax Error"),
        ("$c { }", "String", "Syntax Error"),
    ],
)
def test_any_other_selection_is_refused_with_the_reason(
    composed: Compose, field: str, type_: str, reason: str
) -> None:
    (error,) = result_of(composed, field, type_).errors
    assert (error.code, error.coordinate) == ("CONTEXT_INVALID_SELECTION", "U.a(x:)")
    assert reason in error.message


@pytest.mark.parametrize("field", ["$c", "c { text }", "$1c { text }", ""])
def test_a_value_without_context_and_selection_is_refused(composed: Compose, field: str) -> None:
    (error,) = result_of(composed, field, "String").errors
    assert error.code == "NO_CONTEXT_IN_SELECTION"


def test_nothing_is_selected_from_an_interface_object(composed: Compose) -> None:
    result = composed(
        a='type Query { t: T } type T @context(name: "c") { i: I u: U } type I @interfaceObject @key(fields: "id") { id: ID! }'
        ' type U @key(fields: "id") { id: ID! a(x: ID @fromContext(field: "$c { i { id } }")): Int }',
        b='interface I @key(fields: "id") { id: ID! } type X implements I @key(fields: "id") { id: ID! }',
    )
    assert [error.code for error in result.errors] == ["CONTEXT_INVALID_SELECTION"]
    assert '"I" is an interface object' in result.errors[0].message


def test_a_context_that_needs_itself_is_never_met(composed: Compose) -> None:
    result = composed(
        a='type Query { t: T } type T @key(fields: "id") @context(name: "c") { id: ID! u: U }'
        ' type U @key(fields: "id") { id: ID! a(x: Int @fromContext(field: "$c { u { a } }")): Int }'
    )
    assert {error.coordinate for error in result.errors} == {"U.a"}


def test_a_context_that_is_missing_is_named_with_the_query(composed: Compose) -> None:
    result = composed(
        a='type Query { t: T u: U } type T @context(name: "c") { text: String u: U }'
        ' type U @key(fields: "id") { id: ID! a(x: String @fromContext(field: "$c { text }")): Int }'
    )
    (error,) = result.errors
    assert "{\n  u {\n    a\n  }\n}" in error.message
    assert (
        '- from subgraph "a": could not find a match for required context "c" for field "U.a"'
        in error.message
    )


@pytest.mark.parametrize(
    ("setter", "way"),
    [
        ('interface I @context(name: "c") { u: U }', "i: I"),
        ('interface I @context(name: "c") { u: U }', "t: T"),
        ('union J @context(name: "c") = T interface I { u: U }', "j: J"),
        ('union J @context(name: "c") = T interface I { u: U }', "i: I"),
    ],
)
def test_a_type_sets_the_contexts_of_its_interfaces_and_unions(
    composed: Compose, setter: str, way: str
) -> None:
    result = composed(
        a=f'type Query {{ {way} }} {setter} type T implements I @key(fields: "id") {{ id: ID! text: String u: U }}'
        ' type U @key(fields: "id") { id: ID! a(x: String @fromContext(field: "$c { ... on T { text } }")): Int }'
    )
    assert result.errors == ()
