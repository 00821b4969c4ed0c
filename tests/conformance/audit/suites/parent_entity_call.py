"""A field of a type without a key, reached through the entity that holds it."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    categories = {each["id"]: each for each in rows["categories"]}

    def product(row: Row, *category_fields: str) -> Row:
        return {**pick(row, "id", "pid"), "category": pick(categories[row["categoryId"]], *category_fields)}

    def product_by(representation: Row, *category_fields: str) -> Row | None:
        found = (
            each
            for each in rows["products"]
            if pick(each, *representation.keys() - {"__typename"}) == pick_key(representation)
        )
        return next((product(each, *category_fields) for each in found), None)

    def pick_key(representation: Row) -> Row:
        return {key: value for key, value in representation.items() if key != "__typename"}

    def category(representation: Row) -> Row:
        return pick(categories[representation["id"]], "id", "name")

    return {
        "a": {
            "Query.products": lambda _: [product(each, "id", "name") for each in rows["products"]],
            "Product": lambda representation: product_by(representation, "id", "name"),
            "Category": category,
        },
        "b": {
            "Product": lambda representation: product_by(representation, "id", "name"),
            "Category": category,
        },
        "c": {"Product": lambda representation: product_by(representation, "details")},
    }
