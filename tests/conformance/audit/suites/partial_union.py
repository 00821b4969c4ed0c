"""A union of which one subgraph knows only one member."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    return {"a": {"Query.getResponse": lambda _: pick(rows, "actions", "message")}, "b": {}}
