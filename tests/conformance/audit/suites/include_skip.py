"""What is skipped or not included is not fetched, through a chain of requirements."""

from typing import Any, NoReturn

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    products = rows["products"]

    def never(_: Row) -> NoReturn:
        raise AssertionError("a field was fetched that the operation skips")

    return {
        "a": {
            "Query.product": lambda _: pick(products[0], "id", "price"),
            "Product": by(products, "id", "price"),
        },
        "b": {"Product": dict, "Product.isExpensive": lambda product: product["price"] > 500},
        "c": {
            "Product": dict,
            "Product.include": lambda product: product["isExpensive"],
            "Product.skip": lambda product: product["isExpensive"],
            "Product.neverCalledInclude": never,
            "Product.neverCalledSkip": never,
        },
    }
