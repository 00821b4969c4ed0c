"""The reference example: reviews that provide an author's name, shipping that requires price and weight."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users = {each["id"]: each for each in rows["users"]}
    products = rows["products"]

    def review(row: Row) -> Row:
        author = pick(users[row["authorId"]], "id", "username")
        return {**pick(row, "id", "body"), "author": author, "product": {"upc": row["productUpc"]}}

    def shipping_estimate(product: Row) -> int:
        return int(product["price"] * product["weight"] * 10)

    return {
        "accounts": {"Query.me": lambda _: users["u1"], "User": by(users.values(), "id", "name", "username")},
        "inventory": {
            "Product": dict,
            "Product.inStock": lambda product: product["upc"] in rows["inStock"],
            "Product.shippingEstimate": shipping_estimate,
            "Product.shippingEstimateTag": lambda product: f"#{product['upc']}#{shipping_estimate(product)}#",
        },
        "products": {
            "Query.products": lambda _: products,
            "Product": by(products, "upc", "name", "price", "weight"),
        },
        "reviews": {
            "User": by(users.values(), "id"),
            "User.reviews": lambda user: [
                review(each) for each in rows["reviews"] if each["authorId"] == user["id"]
            ],
            "Product": by(products, "upc"),
            "Product.reviews": lambda product: [
                review(each) for each in rows["reviews"] if each["productUpc"] == product["upc"]
            ],
            "Review": lambda sent: next(
                (review(each) for each in rows["reviews"] if each["id"] == sent["id"]), None
            ),
        },
    }
