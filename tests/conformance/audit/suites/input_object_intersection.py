"""An input type has in the supergraph only the fields that all subgraphs know."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, by


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users = rows["users"]
    return {
        name: {f"Query.usersIn{name.upper()}": lambda _, **_filter: users, "User": by(users, "id", "name")}
        for name in "ab"
    }
