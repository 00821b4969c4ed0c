"""Interfaces that other subgraphs know only as objects."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users, accounts = rows["users"], rows["accounts"]
    user = by(users, "id", "name", "age", typename="User")

    def account(representation: Row) -> Row | None:
        found = (each for each in accounts if each["id"] == representation["id"])
        return next((pick(each, "id", "isMain", "isActive") for each in found), None)

    return {
        "a": {
            "Query.users": lambda _: [user({"id": each["id"]}) for each in users],
            "NodeWithName": user,
            "User": user,
            "Account": account,
            "Admin": account,
            "Regular": account,
        },
        "b": {
            "Query.anotherUsers": lambda _: [pick(each, "id", "username") for each in users],
            "Query.accounts": lambda _: [{"id": each["id"], "name": each["name"]} for each in accounts],
            "NodeWithName": by(users, "id", "username"),
            "Account": by(accounts, "id", "name", typename="Account"),
        },
        "c": {"Account": by(accounts, "id", typename="Account"), "Account.isActive": lambda _: False},
    }
