"""Fields that require a field which moved from one subgraph to another by @override."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, by


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users = rows["users"]
    return {
        "a": {
            "Query.userInA": lambda _: {"id": users[0]["id"]},
            "User": dict,
            "User.aName": lambda user: f"a__{user['name']}",
        },
        "b": {"Query.userInB": lambda _: users[1], "User": by(users, "id", "name")},
        "c": {
            "Query.userInC": lambda _: {"id": users[2]["id"]},
            "User": dict,
            "User.cName": lambda user: f"c__{user['name']}",
        },
    }
