"""Satisfiability: which graphs can answer every query of their API, and how it is said that one cannot."""

from collections.abc import Callable
from itertools import product

import pytest

from gateway.composition import CompositionResult

Compose = Callable[..., CompositionResult]


def codes(result: CompositionResult) -> set[str]:
    return {error.code for error in result.errors}


def test_a_field_behind_a_missing_key_is_explained_by_a_query(composed: Compose) -> None:
    result = composed(
        a="type Query { user: User } type User { name: String }",
        b="type Query { other: User } type User { age: Int }",
    )
    by_field = {error.coordinate: error.message for error in result.errors}
    assert by_field.keys() == {"User.age", "User.name"}
    assert by_field["User.age"] == (
        "The following supergraph API query:\n{\n  user {\n    age\n  }\n}\n"
        "cannot be satisfied by the subgraphs because:\n"
        '- from subgraph "a":\n'
        '  - cannot find field "User.age".\n'
        '  - cannot move to subgraph "b", which has field "User.age", because type "User" has no @key defined in'
        ' subgraph "b".'
    )


def test_a_key_is_collected_over_several_subgraphs(composed: Compose) -> None:
    result = composed(
        a='type Query { t: T } type T @key(fields: "id") { id: ID! }',
        b='type T @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! }',
        c='type T @key(fields: "sku") { sku: ID! price: Int }',
    )
    assert codes(result) == set()


def test_a_key_that_is_not_resolvable_leads_nowhere(composed: Compose) -> None:
    result = composed(
        a='type Query { t: T } type T @key(fields: "id") { id: ID! }',
        b='type T @key(fields: "id", resolvable: false) { id: ID! price: Int }',
    )
    assert codes(result) == {"SATISFIABILITY_ERROR"}


def test_requires_of_one_another_are_never_met(composed: Compose) -> None:
    result = composed(
        a='type Query { t: T } type T @key(fields: "id") { id: ID! x: Int @requires(fields: "y") y: Int @external }',
        b='type T @key(fields: "id") { id: ID! y: Int @requires(fields: "x") x: Int @external }',
    )
    assert codes(result) == {"SATISFIABILITY_ERROR"}


def test_a_provided_field_counts_on_its_path_only(composed: Compose) -> None:
    base = 'type T @key(fields: "id") { id: ID! n: Int @shareable }'
    provides = 'type Query { t: T @provides(fields: "n") %s } type T @key(fields: "id", resolvable: false) { id: ID! n: Int @external }'
    unkeyed = base.replace('@key(fields: "id")', '@key(fields: "id", resolvable: false)')
    assert codes(composed(a=provides % "", b=unkeyed)) == set()
    assert codes(composed(a=provides % "u: T", b=unkeyed)) == {"SATISFIABILITY_ERROR"}


def test_an_interface_object_needs_a_subgraph_that_knows_the_type(composed: Compose) -> None:
    result = composed(
        a='interface I { id: ID! } type T implements I @key(fields: "id") { id: ID! }',
        b='type Query { i: I } type I @interfaceObject @key(fields: "id") { id: ID! }',
    )
    assert codes(result) == {"SATISFIABILITY_ERROR"}
    assert "no subgraph can be reached to resolve the implementation type" in result.errors[0].message


def test_inaccessible_fields_need_not_be_reached(composed: Compose) -> None:
    result = composed(
        a="type Query { t: T } type T { x: Int @shareable }",
        b="type T { x: Int @shareable hidden: Int @inaccessible }",
    )
    assert codes(result) == set()


def test_a_chain_of_requirements_beyond_bounds_is_an_error_and_no_exception(composed: Compose) -> None:
    fields = " ".join(
        f"f{n}: Int {'@external' if n % 2 else ''} {'' if n % 2 or n > 997 else f'@requires(fields: {chr(34)}f{n + 1}{chr(34)})'}"
        for n in range(1000)
    )
    other = " ".join(
        f"f{n}: Int {'' if n % 2 else '@external'} {f'@requires(fields: {chr(34)}f{n + 1}{chr(34)})' if n % 2 and n < 997 else ''}"
        for n in range(1, 1000)
    )
    result = composed(
        a=f'type Query {{ t: T }} type T @key(fields: "id") {{ id: ID! {fields} }}',
        b=f'type T @key(fields: "id") {{ id: ID! {other} }}',
    )
    assert result.errors


def test_too_many_combinations_are_an_error_and_not_a_wait(
    composed: Compose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.composition.satisfiability.check.MAX_STATES", 3)
    sdl = 'type Query {{ {0}: T }} type T @key(fields: "id") {{ id: ID! {0}: T }}'
    assert codes(composed(a=sdl.format("a"))) == set()
    assert codes(composed(a=sdl.format("a"), b=sdl.format("b"), c=sdl.format("c"))) == {
        "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"
    }


LABELS = 5


def subgraphs_with_labels(unsatisfied: tuple[bool, ...]) -> dict[str, str]:
    """Value types in a row, each under an override of its own; the leaf is out of reach for one choice of the labels.

    Label n decides whether a query may go on in subgraph `on{n}` or in `off{n}`, for good: value types have no keys.
    """
    sdls = {}
    for n, on in product(range(LABELS), (True, False)):
        override = f'@override(from: "off{n}", label: "l{n}")' if on else ""
        fields = [
            f"type V{m} @shareable {{ next: V{m + 1} {override if m == n else ''} }}" for m in range(LABELS)
        ]
        leaf = "x: Int" if on != unsatisfied[n] else "y: Int"
        name = f"on{n}" if on else f"off{n}"
        sdls[name] = (
            f"type Query @shareable {{ start: V0 }} {' '.join(fields)} type V{LABELS} @shareable {{ {leaf} }}"
        )
    return sdls


@pytest.mark.parametrize(
    "labels", [(True,) * 5, (True, False, True, True, False), (False, False, True, True, False)]
)
def test_any_combination_of_labels_of_overrides_is_tried(composed: Compose, labels: tuple[bool, ...]) -> None:
    result = composed(**subgraphs_with_labels(labels))
    by_field = {error.coordinate: error.message for error in result.errors}
    wanted = {f"{'on' if on else 'off'}{n}" for n, on in enumerate(labels)}
    assert wanted == {name for name in wanted if f'from subgraph "{name}"' in by_field[f"V{LABELS}.x"]}


def test_a_label_is_decided_once_on_a_path(composed: Compose) -> None:
    moved = '@override(from: "a", label: "{}")'
    a = "type Query { v: V } type V { w: W } type W { x: Int }"
    b = "type Query {{ v: V {0} }} type V {{ w: W {0} }} type W {{ x: Int {1} }}"
    one, other = moved.format("one"), moved.format("other")
    assert codes(composed(a=a, b=b.format(one, one))) == set()
    assert codes(composed(a=a, b=b.format(one, other))) == {"SATISFIABILITY_ERROR"}


def test_labels_that_no_path_has_in_common_do_not_multiply(composed: Compose) -> None:
    a = " ".join(f"f{n}: T{n}" for n in range(40))
    types = " ".join(f'type T{n} @key(fields: "id") {{ id: ID! x: Int }}' for n in range(40))
    moved = " ".join(
        f'type T{n} @key(fields: "id") {{ id: ID! x: Int @override(from: "a", label: "l{n}") }}'
        for n in range(40)
    )
    assert codes(composed(a=f"type Query {{ {a} }} {types}", b=moved)) == set()


def test_a_mutation_in_several_subgraphs_is_explained_for_each(composed: Compose) -> None:
    sdl = "type Query {{ q: Int @shareable }} type Mutation {{ m: P @shareable }} type P {{ x: Int @shareable {}: Int }}"
    (error,) = composed(a=sdl.format("onlyA"), b=sdl.format("onlyB")).errors
    assert (error.code, error.coordinate) == ("SATISFIABILITY_ERROR", "Mutation.m")
    assert '- when it is called in subgraph "a":\n  The following supergraph API query:' in error.message
    assert "    onlyB" in error.message.partition('in subgraph "b":')[0]
    assert [each.subgraph for each in error.locations] == ["a", "b"]
