"""A federation 1 extension with an external key field that its root field can give all the same."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    products = rows["products"]
    return {
        "price": {
            "Query.cheapestProduct": lambda _: pick(products[0], "id", "price"),
            "Product": by(products, "id", "price"),
        },
        "product": {
            "Query.products": lambda _: [pick(each, "id", "name") for each in products],
            "Product": by(products, "id", "name"),
        },
    }
