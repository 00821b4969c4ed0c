"""Variables are coerced by the specification; every misfit is told with its variable and path."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse

from gateway.execution import VariableError, coerce_variables

SCHEMA = build_schema("""
    type Query { f(a: Int, i: Input, e: E, l: [Int!]): Int }
    input Input { name: String! inner: Input count: Int = 3 }
    enum E { P Q }
""")


def operation(text: str) -> OperationDefinitionNode:
    definition = parse(text).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition


def coerce(definitions: str, raw: dict[str, Any]) -> Any:
    return coerce_variables(operation(f"query({definitions}) {{ f }}"), SCHEMA, raw)


def test_values_are_coerced_and_defaults_applied() -> None:
    values = coerce(
        "$i: Input!, $a: Int = 7, $l: [Int!], $e: E, $absent: Int",
        {"i": {"name": "x"}, "l": 1, "e": "P", "unknown": 1},
    )
    assert values == {"i": {"name": "x", "count": 3}, "a": 7, "l": [1], "e": "P"}


def test_an_operation_without_variables_takes_none() -> None:
    assert coerce_variables(operation("{ f }"), SCHEMA, {"a": 1}) == {}


@pytest.mark.parametrize(
    ("definitions", "raw", "parts"),
    [
        ("$a: Int!", {}, ["$a"]),
        ("$a: Int!", {"a": None}, ["$a"]),
        ("$a: Int", {"a": "7"}, ["$a", "Int"]),
        ("$e: E", {"e": "R"}, ["$e", "R"]),
        ("$i: Input", {"i": {"name": "x", "inner": {"name": 3}}}, ["$i", "inner.name"]),
        ("$i: Input", {"i": {"name": "x", "other": 3}}, ["$i", "other"]),
        ("$l: [Int!]", {"l": [1, None]}, ["$l", "[1]"]),
    ],
)
def test_a_misfit_names_the_variable_and_the_path(
    definitions: str, raw: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(VariableError) as raised:
        coerce(definitions, raw)
    (error,) = raised.value.errors
    assert all(part in error.message for part in parts)
    assert error.extensions == {"code": "VALIDATION_INVALID_TYPE_VARIABLE"}


def test_all_misfits_are_told() -> None:
    with pytest.raises(VariableError) as raised:
        coerce("$a: Int!, $l: [Int!], $e: E", {"l": ["x", "y"], "e": 1})
    assert len(raised.value.errors) == 4
