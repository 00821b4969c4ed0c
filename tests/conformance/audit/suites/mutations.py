"""Mutations over three subgraphs, strictly one after another: the subgraphs share a register by request id."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by


def resolvers(_: dict[str, Any]) -> dict[str, Resolvers]:
    products: list[dict[str, Any]] = [{"id": "p1", "name": "p1-name", "price": 9.99}]
    categories: list[dict[str, Any]] = []
    product = by(products, "id", "name", "price")
    registers: dict[str, int] = {}

    def add_product(_: Row, input: dict[str, Any]) -> Row:  # noqa: A002  # the argument's name
        products.append({"id": f"p-added-{len(products)}", **input})
        return products[-1]

    def add_category(_: Row, *, name: str, requestId: str) -> Row:  # noqa: N803  # the argument's name
        category = {"id": f"c-added-{requestId}", "name": name}
        assert category not in categories
        categories.append(category)
        return category

    def add(_: Row, *, num: int, requestId: str) -> int:  # noqa: N803
        registers[requestId] = registers.get(requestId, 0) + num
        return registers[requestId]

    def multiply(_: Row, *, by: int, requestId: str) -> int:  # noqa: N803
        registers[requestId] *= by
        return registers[requestId]

    return {
        "a": {
            "Mutation.addProduct": add_product,
            "Mutation.addCategory": add_category,
            "Mutation.multiply": multiply,
            "Query.product": lambda _, id: product({"id": id}),  # noqa: A006
            "Query.products": lambda _: products,
            "Product": product,
            "Category": by(categories, "id"),
        },
        "b": {
            "Mutation.delete": lambda _, requestId: registers.pop(requestId),  # noqa: N803
            "Mutation.addCategory": add_category,
            "Product": dict,
            "Product.isExpensive": lambda each: each["price"] > 100,
            "Product.isAvailable": lambda _: True,
            "Category": by(categories, "id", "name"),
        },
        "c": {"Mutation.add": add},
    }
