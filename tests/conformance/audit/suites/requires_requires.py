"""Chains of fields that require fields which themselves require."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    products = rows["products"]
    return {
        "a": {"Product": by(products, "id", "price")},
        "b": {
            "Query.product": lambda _: pick(products[0], "id", "hasDiscount"),
            "Product": by(products, "id", "hasDiscount"),
        },
        "c": {
            "Product": dict,
            "Product.isExpensive": lambda product: product["price"] > 500,
            "Product.isExpensiveWithDiscount": lambda product: not product["hasDiscount"],
        },
        "d": {
            "Product": dict,
            "Product.canAfford": lambda product: not product["isExpensive"],
            "Product.canAffordWithDiscount": lambda product: not product["isExpensiveWithDiscount"],
        },
    }
