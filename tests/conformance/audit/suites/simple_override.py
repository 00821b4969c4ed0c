"""A field that moved by @override is never asked of the subgraph that it left."""

from typing import Any, NoReturn

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    posts = rows["posts"]

    def overridden(_: Row) -> NoReturn:
        raise AssertionError("a field was fetched from the subgraph that it was overridden in")

    return {
        "a": {
            "Query.feed": lambda _: [pick(each, "id") for each in posts],
            "Query.aFeed": lambda _: [pick(posts[1], "id")],
            "Post": by(posts, "id"),
            "Post.createdAt": overridden,
        },
        "b": {
            "Query.feed": lambda _: posts,
            "Query.bFeed": lambda _: [posts[0]],
            "Post": by(posts, "id", "createdAt"),
        },
    }
