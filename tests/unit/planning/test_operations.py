from collections.abc import Callable
from typing import Any

import pytest
from graphql import parse

from gateway.planning import OperationError

Make = Callable[..., Any]

TYPES = "type Query @join__type(graph: A) { a: Int deep: Query }"


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("{ a", "PARSING_ERROR"),
        ("{ }", "PARSING_ERROR"),
        ("{ a { } }", "PARSING_ERROR"),
        ("{ unknown }", "GRAPHQL_VALIDATION_FAILED"),
        ("query X { a } query Y { a }", "GRAPHQL_UNKNOWN_OPERATION_NAME"),
        ("fragment F on Query { a }", "GRAPHQL_UNKNOWN_OPERATION_NAME"),
        ("{ a @include(if: 1) }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_an_operation_that_cannot_run_has_a_code(plan: Make, operation: str, code: str) -> None:
    with pytest.raises(OperationError) as caught:
        plan(TYPES, operation)
    assert caught.value.code == code


def test_every_reason_is_told_with_its_place(plan: Make) -> None:
    with pytest.raises(OperationError) as caught:
        plan(TYPES, "{\n  x\n  y\n}")
    assert [(place.line, place.column) for place in caught.value.locations] == [(2, 3), (3, 3)]
    assert len(caught.value.errors) == 2


def test_a_document_nested_too_deeply_is_an_error_and_no_crash(plan: Make) -> None:
    with pytest.raises(OperationError):
        plan(TYPES, "{ deep " * 5000 + "{ a }" + "}" * 5000)


def test_a_parsed_document_is_taken_too(plan: Make) -> None:
    assert plan(TYPES, parse("{ a }")).fetch_count == 1


@pytest.mark.parametrize(
    "operation", ["{ __typename }", "{ __schema { types { name } } }", "{ a @skip(if: true) }"]
)
def test_what_no_subgraph_answers_asks_none(plan: Make, operation: str) -> None:
    assert plan(TYPES, operation).node is None


def test_an_object_of_which_nothing_is_selected_is_still_asked_for(fetches: Make) -> None:
    assert fetches(TYPES, "{ deep { a @skip(if: true) } }") == ["a: query{deep{__typename}}"]
    assert fetches(TYPES, "{ deep { deep { ... @include(if: false) { a } } a } }") == [
        "a: query{deep{deep{__typename} a}}"
    ]


def test_introspection_beside_data_stays_out_of_the_fetch(fetches: Make) -> None:
    assert fetches(TYPES, '{ a __type(name: "Int") { name } __typename }') == ["a: query{a}"]


def test_a_nullable_condition_variable_becomes_a_required_one(plan: Make, fetches: Make) -> None:
    operation = "query ($on: Boolean) { a b: a @include(if: $on) }"
    assert fetches(TYPES, operation) == ["a: query($on:Boolean!){a b:a @include(if:$on)}"]
    definitions = plan(TYPES, operation).operation.variable_definitions
    assert definitions[0].type.kind == "non_null_type"


def test_a_directive_of_the_clients_own_stays_out_of_the_fetches(fetches: Make) -> None:
    types = TYPES + " directive @timing(on: Boolean) on FIELD | QUERY"
    assert fetches(types, "query ($x: Boolean) @timing { a @timing(on: $x) }") == ["a: query{a}"]


def test_of_several_conditions_of_one_kind_a_field_has_one(fetches: Make) -> None:
    """A directive may stand once at a place (section 5.7.3)."""
    operation = """
        query ($x: Boolean!, $y: Boolean!, $z: Boolean!) {
            a
            ... @include(if: $x) { ... @skip(if: $y) { b: a @include(if: $z) } }
        }
    """
    (text,) = fetches(TYPES, operation)
    assert text.endswith("{a ... @include(if:$z){b:a @include(if:$x) @skip(if:$y)}}")
