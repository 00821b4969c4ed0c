"""A type extended with external fields, of which one is provided on one path."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users = rows["users"]
    return {
        "a": {
            "Query.randomUser": lambda _: pick(users[0], "id", "rid"),
            "Query.providedRandomUser": lambda _: pick(users[0], "id", "rid", "name"),
            "User": by(users, "id", "rid"),
        },
        "b": {
            "Query.userById": lambda _, id: by(users, "id", "name", "nickname")({"id": id}),  # noqa: A006
            "User": by(users, "id", "name", "nickname"),
        },
    }
