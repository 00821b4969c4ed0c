"""One response key with `ID` in one member of a union and `ID!` in the other."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users = rows["users"]

    def accounts(_: Row) -> list[Row]:
        return [{"__typename": "User", **users[0]}, {"__typename": "Admin", "id": "a1", "name": "a1-name"}]

    return {
        "a": {"Query.users": lambda _: [{"id": each["id"]} for each in users]},
        "b": {
            "User": by(users, "id", "name"),
            "User.similarAccounts": accounts,
            "Admin.similarAccounts": accounts,
            "Query.accounts": accounts,
        },
    }
