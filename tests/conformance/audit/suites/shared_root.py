"""Root fields that three subgraphs share, each with a part of the answer."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    product = rows["product"]
    return {
        name: {
            "Query.product": lambda _, name=name: pick(product, "id", name),
            "Query.products": lambda _, name=name: [pick(product, "id", name)],
        }
        for name in ("name", "price", "category")
    }
