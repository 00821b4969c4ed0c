"""An interface whose field gives the interface again, narrowed by its implementation, which provides a field."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    books = {each["id"]: each for each in rows["books"]}

    def same_price(book: Row) -> Row | None:
        price = books[book["id"]]["price"]
        twins = [each for each in books.values() if each["price"] == price and each["id"] != book["id"]]
        return pick(twins[0], "id", "price") if twins else None

    return {
        "a": {
            "Query.product": lambda _: pick(books["1"], "id"),
            "Book": by(rows["books"], "id"),
            "Book.samePriceProduct": same_price,
        },
        "b": {"Book": by(rows["books"], "id", "price")},
    }
