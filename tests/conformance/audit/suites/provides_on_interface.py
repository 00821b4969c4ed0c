"""@provides over an interface, in one subgraph for one implementation only."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    animals = {each["id"]: each for each in rows["animals"]}
    book = rows["medias"][0]

    def with_animals(*names: str) -> Row:
        return {**pick(book, "id"), "animals": [pick(animals[each], *names) for each in book["animals"]]}

    return {
        "a": {
            "Query.media": lambda _: pick(book, "id"),
            "Query.book": lambda _: with_animals("id", "name"),
            "Book": lambda _: with_animals("id"),
            "Dog": by(animals.values(), "id"),
            "Cat": by(animals.values(), "id"),
        },
        "b": {"Query.media": lambda _: with_animals("id", "name")},
        "c": {
            "Book": lambda _: with_animals("id", "name", "age"),
            "Dog": by(animals.values(), "id", "name", "age"),
            "Cat": by(animals.values(), "id", "name", "age"),
        },
    }
