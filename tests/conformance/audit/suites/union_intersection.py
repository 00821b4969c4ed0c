"""Unions with other members in each subgraph; fields that are a union here and one member there."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    media = rows["media"]
    in_a = pick(media, "id", "title", "aTitle")
    in_b = pick(media, "id", "title", "bTitle")
    song = {"__typename": "Song", "id": "s1", "title": "Song Title", "aTitle": "A: Song Title"}
    movie = {"__typename": "Movie", "id": "m1", "title": "A Movie Title", "bTitle": "B Movie Title"}
    fields_of_a = {"media": in_a, "aMedia": in_a, "book": in_a, "song": song}
    fields_of_b = {"media": in_b, "bMedia": movie, "book": in_b}
    return {
        "a": {
            **{f"Query.{name}": lambda _, row=row: row for name, row in fields_of_a.items()},
            "Query.viewer": lambda _: fields_of_a,
            "Book": by([media], "id", "title", "aTitle"),
            "Song": by([song], "id", "title", "aTitle"),
        },
        "b": {
            **{f"Query.{name}": lambda _, row=row: row for name, row in fields_of_b.items()},
            "Query.viewer": lambda _: fields_of_b,
            "Book": by([media], "id", "title", "bTitle"),
            "Movie": by([movie], "id", "title", "bTitle"),
        },
    }
