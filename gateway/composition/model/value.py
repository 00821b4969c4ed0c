"""Constant values of SDL as plain Python values, with their reading from the AST and their printing.

Null is None; numbers, strings and booleans are their own; lists and objects are list and dict; an enum value is an
`EnumLiteral`, which never equals a string of the same text.
"""

import json
from typing import Any

from graphql import language as ast

Value = Any


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
    match node:
        case ast.StringValueNode(value=text):
            return text
        case ast.IntValueNode(value=digits):
            return int(digits)
        case ast.BooleanValueNode(value=flag):
            return flag
        case ast.FloatValueNode(value=digits):
            return float(digits)
        case ast.EnumValueNode(value=name):
            return EnumLiteral(name)
        case ast.ListValueNode(values=items):
            return [value_from_ast(item) for item in items]
        case ast.ObjectValueNode(fields=entries):
            return {entry.name.value: value_from_ast(entry.value) for entry in entries}
        case _:
            return None


def print_value(value: Value) -> str:
    """Print a value as GraphQL; the inverse of `value_from_ast`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case float() if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
        case list():
            return "[" + ", ".join(map(print_value, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key}: {print_value(item)}" for key, item in value.items()) + "}"
        case _:
            return str(value)
