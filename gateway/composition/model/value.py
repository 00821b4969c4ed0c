"""Constant values of SDL as plain Python values, with their reading from the AST and their printing.

Null is None; numbers, strings and booleans are their own; lists and objects are list and dict; an enum value is an
`EnumLiteral`, which never equals a string of the same text.
"""

import json
from math import isfinite
from typing import Any

from graphql import language as ast

Value = Any

_MAX_DIGITS = 1000  # beyond which reading an integer would not be linear in its length
_MAX_PLAIN = 1e21  # from which on a float is printed with its exponent


class EnumLiteral:
    """An enum value as written; compares with other enum values only."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnumLiteral) and other.name == self.name

    def __hash__(self) -> int:
        return hash(("enum", self.name))

    def __repr__(self) -> str:
        return self.name


def value_from_ast(node: ast.ValueNode) -> Value:
    """Read a constant value node."""
    if isinstance(node, ast.ListValueNode):
        return [value_from_ast(item) for item in node.values]
    if isinstance(node, ast.ObjectValueNode):
        return {entry.name.value: value_from_ast(entry.value) for entry in node.fields}
    if isinstance(node, ast.EnumValueNode):
        return EnumLiteral(node.value)
    if isinstance(node, ast.IntValueNode | ast.FloatValueNode):
        return _number(node)
    return node.value if isinstance(node, ast.StringValueNode | ast.BooleanValueNode) else None


def _number(node: ast.IntValueNode | ast.FloatValueNode) -> Value:
    """A number; one that Python would not hold exactly enough stays as written, and fits no built-in scalar."""
    if isinstance(node, ast.IntValueNode):
        return int(node.value) if len(node.value) < _MAX_DIGITS else EnumLiteral(node.value)
    number = float(node.value)
    return number if isfinite(number) else EnumLiteral(node.value)


def print_value(value: Value) -> str:
    """Print a value as GraphQL; the inverse of `value_from_ast`."""
    if isinstance(value, list):
        return "[" + ", ".join(map(print_value, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {print_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_PLAIN:
        return str(int(value))
    return str(value) if isinstance(value, EnumLiteral) else json.dumps(value, ensure_ascii=False)
