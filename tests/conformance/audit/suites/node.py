"""The Node interface in three subgraphs, of which one has the fields."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, by


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    products, categories = rows["products"], rows["categories"]
    bare = {"Product": by(products, "id"), "Category": by(categories, "id")}
    return {
        "node": {
            "Query.productNode": lambda _: {"__typename": "Product", "id": products[0]["id"]},
            "Query.categoryNode": lambda _: {"__typename": "Category", "id": categories[0]["id"]},
            **bare,
        },
        "node-two": bare,
        "types": {"Product": by(products, "id", "name", "price"), "Category": by(categories, "id", "name")},
    }
