"""Keys that hold lists of entities with keys of their own."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    products = {each["id"]: each for each in rows["products"]}
    categories = {each["id"]: each for each in rows["categories"]}

    def category(product: Row) -> Row:
        row = categories[products[product["id"]]["categoryId"]]
        return {"id": row["id"], "tag": row["tag"], "mainProduct": {"id": row["mainProduct"]}}

    def priced(representation: Row) -> Row:
        row = products[representation["id"]]
        known = representation["pid"] == row["pid"] and representation["category"] == {
            "id": row["categoryId"],
            "tag": categories[row["categoryId"]]["tag"],
        }
        return {**representation, "price": {"price": row["price"]}} if known else {}

    def first_and_selected(product_list: Row) -> Row:
        first, selected = product_list["products"]
        return {**product_list, "first": first, "selected": selected}

    return {
        "link": {"Product": by(rows["products"], "id", "pid")},
        "list": {"ProductList": first_and_selected, "Product": by(rows["products"], "id", "pid")},
        "price": {"ProductList": first_and_selected, "Product": priced},
        "products": {
            "Query.topProducts": lambda _: {"products": [{"id": each} for each in products]},
            "ProductList": dict,
            "Product": by(rows["products"], "id"),
            "Product.category": category,
            "Category": lambda representation: category(
                {"id": categories[representation["id"]]["mainProduct"]}
            ),
        },
    }
