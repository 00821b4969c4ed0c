"""Hints: what composes and may not be meant."""

from collections.abc import Callable

import pytest

from gateway.composition import CompositionResult

Compose = Callable[..., CompositionResult]

HINTS = {
    "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE": (
        "type Query { a: Int! @shareable }",
        "type Query { a: Int @shareable }",
    ),
    "INCONSISTENT_ARGUMENT_PRESENCE": (
        "type Query { a(x: Int): Int @shareable }",
        "type Query { a: Int @shareable }",
    ),
    "INCONSISTENT_DESCRIPTION": (
        'type Query { "One" a: Int @shareable }',
        'type Query { "Two" a: Int @shareable }',
    ),
    "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD": (
        "type Query { v: V } type V @shareable { a: Int b: Int @inaccessible }",
        "type V @shareable { a: Int }",
    ),
    "INCONSISTENT_INPUT_OBJECT_FIELD": (
        "type Query { a(i: I): Int } input I { a: Int b: Int }",
        "input I { a: Int }",
    ),
    "INCONSISTENT_ENTITY": (
        'type Query { t: T } type T @key(fields: "id") { id: ID! @shareable }',
        "type T { id: ID! @shareable }",
    ),
    "INCONSISTENT_UNION_MEMBER": (
        "type Query { u: U } union U = A | B type A { a: Int } type B { b: Int }",
        "union U = C type C { c: Int }",
    ),
    "FROM_SUBGRAPH_DOES_NOT_EXIST": (
        'type Query { a: Int @override(from: "gone") }',
        "type Query { b: Int }",
    ),
    "OVERRIDDEN_FIELD_CAN_BE_REMOVED": (
        'type Query { a: Int @override(from: "b") }',
        "type Query { a: Int b: Int }",
    ),
    "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED": (
        'type Query { a: Int @override(from: "b") }',
        "type Query { b: Int }",
    ),
    "UNUSED_ENUM_TYPE": ("type Query { a: Int } enum E { A }", "type Query { b: Int }"),
    "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS": (
        "type Query { a: Int @shareable @cost(weight: 1) }",
        "type Query { a: Int @shareable @cost(weight: 2) }",
    ),
    "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS": (
        'type Query { a: Int @shareable @deprecated(reason: "x") }',
        'type Query { a: Int @shareable @deprecated(reason: "y") }',
    ),
    "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN": (
        "type Query { u: U @shareable } union U = A | B type A { a: Int @shareable } type B { b: Int }",
        "type Query { u: U @shareable } union U = A type A { a: Int @shareable }",
    ),
}


@pytest.mark.parametrize("code", HINTS)
def test_a_hint_is_given(composed: Compose, code: str) -> None:
    first, second = HINTS[code]
    result = composed(a=first, b=second)
    assert result.errors == ()
    found = {hint.code: hint for hint in result.hints}
    assert code in found
    assert found[code].coordinate
    assert found[code].message


def test_a_plain_supergraph_has_no_hints(composed: Compose) -> None:
    assert composed(a="type Query { a: Int }", b="type Query { b: Int }").hints == ()
