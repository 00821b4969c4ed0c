"""Requirements with arguments, which may differ from the client's for the same field."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    def comments(post: Row, limit: int) -> list[Row]:
        return [pick(each, "id") for each in rows["comments"] if each["postId"] == post["id"]][:limit]

    def author(post: Row) -> Row:
        wanted = post["comments"]
        known = sum(each["postId"] == post["id"] for each in rows["comments"])
        assert len(wanted) == min(3, known)
        return next(each for each in rows["authors"] if each["id"] == wanted[0]["authorId"])

    return {
        "a": {
            "Product": dict,
            "Product.shippingEstimate": lambda product: product["price"] * product["weight"] * 10,
            "Product.isExpensiveCategory": lambda product: product["category"]["averagePrice"] > 11,
        },
        "b": {
            "Query.products": lambda _: rows["products"],
            "Product": by(rows["products"], "upc", "name", "price", "weight", "category"),
            "Product.price": lambda product, currency: product["price"] if currency == "USD" else None,
            "Category.averagePrice": lambda category, currency: (
                category["averagePrice"] if currency == "USD" else None
            ),
        },
        "c": {
            "Query.feed": lambda _: [pick(each, "id") for each in rows["posts"]],
            "Post": by(rows["posts"], "id"),
            "Comment": by(rows["comments"], "id", "authorId", "body"),
        },
        "d": {
            "Post": by(rows["posts"], "id"),
            "Post.comments": comments,
            "Post.author": author,
            "Comment": by(rows["comments"], "id"),
        },
    }
