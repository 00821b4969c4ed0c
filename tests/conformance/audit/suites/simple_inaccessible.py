"""An argument and an enum value that clients cannot see but subgraphs use."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users = {each["id"]: each for each in rows["users"]}

    def friends(user: Row, type: str) -> list[Row]:  # noqa: A002  # the argument's name
        assert type == "FAMILY"
        return [{"id": each, "type": "FAMILY"} for each in users[user["id"]]["friends"]]

    return {
        "friends": {
            "Query.usersInFriends": lambda _: [{"id": each} for each in users],
            "User": by(rows["users"], "id"),
            "User.friends": friends,
        },
        "age": {"Query.usersInAge": lambda _: rows["users"], "User": by(rows["users"], "id", "age")},
    }
