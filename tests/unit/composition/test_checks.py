"""Checks: the changes between two API schemas, and which operations feel them."""

import pytest
from graphql import build_schema, parse

from gateway.composition.checks import Change, compare, used_coordinates

CHANGES = {
    "TYPE_REMOVED": ("type Query { a: Int } type T { b: Int }", "type Query { a: Int }", "T"),
    "TYPE_CHANGED_KIND": ("type Query { a: T } scalar T", "type Query { a: T } type T { b: Int }", "T"),
    "TYPE_REMOVED_FROM_UNION": (
        "type Query { u: U a: A b: B } union U = A | B type A { a: Int } type B { a: Int }",
        "type Query { u: U a: A b: B } union U = A type A { a: Int } type B { a: Int }",
        "U",
    ),
    "TYPE_ADDED_TO_UNION": (
        "type Query { u: U a: A b: B } union U = A type A { a: Int } type B { a: Int }",
        "type Query { u: U a: A b: B } union U = A | B type A { a: Int } type B { a: Int }",
        "U",
    ),
    "VALUE_REMOVED_FROM_ENUM": (
        "type Query { e: E } enum E { A B }",
        "type Query { e: E } enum E { A }",
        "E.B",
    ),
    "VALUE_ADDED_TO_ENUM": ("type Query { e: E } enum E { A }", "type Query { e: E } enum E { A B }", "E.B"),
    "REQUIRED_INPUT_FIELD_ADDED": (
        "type Query { a(i: I): Int } input I { a: Int }",
        "type Query { a(i: I): Int } input I { a: Int b: Int! }",
        "I.b",
    ),
    "OPTIONAL_INPUT_FIELD_ADDED": (
        "type Query { a(i: I): Int } input I { a: Int }",
        "type Query { a(i: I): Int } input I { a: Int b: Int }",
        "I.b",
    ),
    "IMPLEMENTED_INTERFACE_REMOVED": (
        "type Query { i: I t: T u: U } interface I { a: Int } type T implements I { a: Int } type U implements I { a: Int }",
        "type Query { i: I t: T u: U } interface I { a: Int } type T { a: Int } type U implements I { a: Int }",
        "T",
    ),
    "IMPLEMENTED_INTERFACE_ADDED": (
        "type Query { i: I t: T u: U } interface I { a: Int } type T { a: Int } type U implements I { a: Int }",
        "type Query { i: I t: T u: U } interface I { a: Int } type T implements I { a: Int } type U implements I { a: Int }",
        "T",
    ),
    "FIELD_REMOVED": ("type Query { a: Int b: Int }", "type Query { a: Int }", "Query.b"),
    "FIELD_CHANGED_KIND": ("type Query { a: Int! }", "type Query { a: Int }", "Query.a"),
    "FIELD_CHANGED_KIND_SAFE": ("type Query { a: Int }", "type Query { a: Int! }", "Query.a"),
    "FIELD_ADDED": ("type Query { a: Int }", "type Query { a: Int b: Int }", "Query.b"),
    "REQUIRED_ARG_ADDED": ("type Query { a: Int }", "type Query { a(x: Int!): Int }", "Query.a(x:)"),
    "OPTIONAL_ARG_ADDED": ("type Query { a: Int }", "type Query { a(x: Int): Int }", "Query.a(x:)"),
    "ARG_REMOVED": ("type Query { a(x: Int): Int }", "type Query { a: Int }", "Query.a(x:)"),
    "ARG_CHANGED_KIND": ("type Query { a(x: Int): Int }", "type Query { a(x: Int!): Int }", "Query.a(x:)"),
    "ARG_DEFAULT_VALUE_CHANGE": (
        "type Query { a(x: Int = 1): Int }",
        "type Query { a(x: Int = 2): Int }",
        "Query.a(x:)",
    ),
    "INPUT_FIELD_DEFAULT_VALUE_CHANGE": (
        "type Query { a(i: I): Int } input I { a: Int = 1 }",
        "type Query { a(i: I): Int } input I { a: Int = 2 }",
        "I.a",
    ),
    "DIRECTIVE_REMOVED": ("directive @d on FIELD type Query { a: Int }", "type Query { a: Int }", "@d"),
    "DIRECTIVE_ARG_REMOVED": (
        "directive @d(x: Int) on FIELD type Query { a: Int }",
        "directive @d on FIELD type Query { a: Int }",
        "@d(x:)",
    ),
    "DIRECTIVE_LOCATION_REMOVED": (
        "directive @d on FIELD | QUERY type Query { a: Int }",
        "directive @d on FIELD type Query { a: Int }",
        "@d",
    ),
    "DIRECTIVE_REPEATABLE_REMOVED": (
        "directive @d repeatable on FIELD type Query { a: Int }",
        "directive @d on FIELD type Query { a: Int }",
        "@d",
    ),
    "DESCRIPTION_CHANGED": ('type Query { "One" a: Int }', 'type Query { "Two" a: Int }', "Query.a"),
}


def changes(old: str, new: str, operations: str | None = None) -> tuple[Change, ...]:
    before = build_schema(old)
    used = None if operations is None else used_coordinates(before, parse(operations))
    return compare(before, build_schema(new), used)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_names_the_coordinate_of_what_changed(kind: str) -> None:
    old, new, coordinate = CHANGES[kind]
    assert coordinate in {each.coordinate for each in changes(old, new) if each.type == kind}


def test_the_worst_comes_first() -> None:
    found = changes("type Query { a: Int c(x: Int = 1): Int }", "type Query { b: Int c(x: Int = 2): Int }")
    assert [each.level for each in found] == ["BREAKING", "DANGEROUS", "SAFE"]


def test_equal_schemas_have_no_changes() -> None:
    assert changes("type Query { a: Int }", "type Query { a: Int }") == ()


OLD = """
directive @seen(by: String) on FIELD
type Query { node(id: ID!): Node find(filter: Filter, first: Int = 10): [Item!] state: State }
interface Node { id: ID! name: String }
type Item implements Node { id: ID! name: String price(in: Currency): Int }
type Shop implements Node { id: ID! name: String }
union Found = Item | Shop
enum Currency { EUR USD }
enum State { UP DOWN }
input Filter { text: String price: Range }
input Range { low: Int high: Int }
"""


@pytest.mark.parametrize(
    ("operation", "old", "new"),
    [
        ("{ node(id: 1) { name } }", "interface Node { id: ID! name: String }", "interface Node { id: ID! }"),
        ("{ node(id: 1) { name } }", "Shop implements Node { id: ID! name: String }", "Shop { id: ID! name: String }"),
        ("{ node(id: 1) { ...P } } fragment P on Item { price }", " price(in: Currency): Int", ""),
        ("{ node(id: 1) { ... on Item { price } } }", "price(in: Currency)", "price(in: Currency, at: Int!)"),
        ("{ find { price(in: USD) } }", "EUR USD", "EUR"),
        ("query ($c: Currency) { find { price(in: $c) } }", "EUR USD", "USD"),
        ("{ find(filter: {price: {low: 1}}) { id } }", "low: Int high", "high"),
        ("query ($f: Filter) { find(filter: $f) { id } }", "low: Int high", "high"),
        ('{ find(filter: {text: "x"}) { id } }', "text: String", "text: String word: String!"),
        ("{ find(first: 3) { id } }", ", first: Int = 10", ""),
        ("{ state }", "UP DOWN", "UP"),
        ('{ state @seen(by: "x") }', "@seen(by: String)", "@seen"),
    ],
)  # fmt: skip
def test_a_change_is_breaking_for_an_operation_that_uses_it(operation: str, old: str, new: str) -> None:
    assert old in OLD
    found = changes(OLD, OLD.replace(old, new), operation)
    breaking = [each for each in found if each.level == "BREAKING"]
    assert breaking
    assert all(each.operations == ("(anonymous)",) for each in breaking)


@pytest.mark.parametrize(
    ("operation", "old", "new"),
    [
        ("{ node(id: 1) { id } }", " price(in: Currency): Int", ""),
        ("{ find { price(in: USD) } }", "EUR USD", "USD"),
        ("{ find(filter: {price: {low: 1}}) { id } }", "low: Int high: Int", "low: Int"),
        ("{ find { id } }", ", first: Int = 10", ""),
        ("{ state }", "@seen(by: String)", "@seen"),
        ("{ state }", "text: String", "text: String word: String!"),
    ],
)
def test_a_change_is_safe_for_operations_that_do_not_feel_it(operation: str, old: str, new: str) -> None:
    assert old in OLD
    found = changes(OLD, OLD.replace(old, new), operation)
    assert found
    assert {each.level for each in found} == {"SAFE"}


def test_each_operation_is_named() -> None:
    found = changes(
        "type Query { a: Int b: Int }",
        "type Query { b: Int }",
        "query One { a } query Two { b } query Three { a }",
    )
    assert [each.operations for each in found] == [("One", "Three")]
