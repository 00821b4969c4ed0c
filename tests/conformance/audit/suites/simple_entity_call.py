"""One step from one subgraph to another by a key that is not the first."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users = rows["users"]
    return {
        "email": {"Query.user": lambda _: pick(users[0], "id", "email"), "User": by(users, "id", "email")},
        "nickname": {"User": by(users, "email", "nickname")},
    }
