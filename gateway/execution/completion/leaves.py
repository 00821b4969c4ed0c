"""Leaves: which JSON values each scalar and enum takes (GraphQL §3.5, §3.9).

Stricter than a server's own result coercion: a subgraph has coerced already, so that a number where a
String should be is a fault. An ID may come as a number.
"""

from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType

from gateway.execution.completion.completer import Completer, Link, report_mismatch
from gateway.execution.errors import ErrorLog

_MAX_INT = 2**31 - 1
_MIN_INT = -(2**31)

FAST_CHECKS = {
    "String": "{0}.__class__ is str",
    "ID": "{0}.__class__ is str",
    "Int": f"{{0}}.__class__ is int and {_MIN_INT} <= {{0}} <= {_MAX_INT}",
    "Float": "({0}.__class__ is float or {0}.__class__ is int)",
    "Boolean": "{0}.__class__ is bool",
}
"""Conditions under which a value stands as it is, as source code; other leaves always ask their completer."""


def _string(value: Any) -> Any:
    return value if value.__class__ is str else None


def _id(value: Any) -> Any:
    if value.__class__ is int:
        return str(value)
    return _string(value)


def _int(value: Any) -> Any:
    if value.__class__ is float and value.is_integer():
        value = int(value)
    return value if value.__class__ is int and _MIN_INT <= value <= _MAX_INT else None


def _float(value: Any) -> Any:
    return value if value.__class__ in {float, int} else None


def _boolean(value: Any) -> Any:
    return value if value.__class__ is bool else None


_BUILT_IN = {"String": _string, "ID": _id, "Int": _int, "Float": _float, "Boolean": _boolean}


def leaf_completer(leaf: GraphQLLeafType, coordinate: str) -> Completer | None:
    """The completer of a scalar or enum; None for a custom scalar, whose values all stand."""
    if isinstance(leaf, GraphQLEnumType):
        values = frozenset(leaf.values)
        return _completer(
            lambda value: value if value.__class__ is str and value in values else None, coordinate, leaf.name
        )
    coerce = _BUILT_IN.get(leaf.name)
    return None if coerce is None else _completer(coerce, coordinate, leaf.name)


def _completer(coerce: Any, coordinate: str, expected: str) -> Completer:
    def complete(value: Any, link: Link, log: ErrorLog) -> Any:
        result = coerce(value)
        if result is None:
            report_mismatch(log, link, coordinate, expected)
        return result

    return complete
