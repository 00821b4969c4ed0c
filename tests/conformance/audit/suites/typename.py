"""`__typename` in a union, in an interface, and where the subgraph knows only an interface object."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users = rows["users"]

    def user(representation: Row) -> Row | None:
        found = (each for each in users if each["id"] == representation["id"])
        return next((pick(each, "id", "isMain") for each in found), None)

    return {
        "a": {
            "Query.union": lambda _: {"__typename": "Oven", "id": "1"},
            "Query.interface": lambda _: {"__typename": "Toaster", "id": "2"},
            "User": user,
            "Admin": user,
        },
        "b": {
            "Query.users": lambda _: [{"id": each["id"], "name": each["name"]} for each in users],
            "User": by(users, "id", "name", typename="User"),
        },
    }
