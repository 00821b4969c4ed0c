"""@override from a subgraph that does not exist changes nothing."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, by


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    posts = rows["posts"]
    shared = {"Query.feed": lambda _: posts, "Post": by(posts, "id", "createdAt")}
    return {
        "a": {**shared, "Query.aFeed": lambda _: [posts[1]]},
        "b": {**shared, "Query.bFeed": lambda _: [posts[0]]},
    }
