"""An interface object whose field requires one of the interface's, which another subgraph implements."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users = rows["users"]
    usernames = {each["name"]: each["username"] for each in users}
    user = by(users, "id", "name", "age", typename="User")

    def username(node: Row) -> str:
        assert node["id"] in {each["id"] for each in users}
        return usernames[node["name"]]

    return {
        "a": {
            "Query.users": lambda _: [user({"id": each["id"]}) for each in users],
            "NodeWithName": user,
            "User": user,
        },
        "b": {
            "Query.anotherUsers": lambda _: [pick(each, "id") for each in users],
            "NodeWithName": dict,
            "NodeWithName.username": username,
        },
    }
