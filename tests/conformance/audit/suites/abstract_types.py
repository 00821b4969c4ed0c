"""Interfaces and a union whose members and fields are spread over seven subgraphs."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    products = rows["products"]
    emails = {user["id"]: user["email"] for user in rows["users"]}
    created = {
        user["email"]: sum(each["createdBy"] == user["id"] for each in products) for user in rows["users"]
    }

    def product(row: Row) -> dict[str, Any]:
        email = emails[row["createdBy"]]
        author = {"email": email, "totalProductsCreated": created[email]}
        return {
            **pick(row, "id", "sku", "dimensions", "hidden"),
            "createdBy": author,
            "publisherType": row["publisher"],
        }

    def similar(row: Row, **arguments: str) -> list[dict[str, Any]]:
        of = next(each for each in products if each["id"] == arguments.get("id", row.get("id")))
        return [
            product(each)
            for each in products
            if each["__typename"] == of["__typename"] and each["id"] != of["id"]
        ]

    def product_by_id(representation: Row) -> dict[str, Any] | None:
        return next((product(each) for each in products if each["id"] == representation["id"]), None)

    def reviews_of(product_id: str) -> list[Row]:
        return [each for each in rows["reviews"] if each["productId"] == product_id]

    def reviewed(row: Row) -> dict[str, Any]:
        reviews = reviews_of(row["id"])
        score = sum(each["score"] for each in reviews) / max(len(reviews), 1)
        return {**row, "reviews": reviews, "reviewsCount": len(reviews), "reviewsScore": score}

    def reviewed_product(review: Row) -> dict[str, Any]:
        return reviewed(pick(next(each for each in products if each["id"] == review["productId"]), "id"))

    def reviews_of_similar(row: Row) -> list[Row]:
        return [review for each in row["similar"] for review in reviews_of(each["id"])]

    def delivery(row: Row, **_: str) -> dict[str, str] | None:
        if not {"size", "weight"} <= row["dimensions"].keys():
            return None
        return {"estimatedDelivery": "1 day", "fastestDelivery": "same day"}

    return {
        "agency": {"Agency": by(rows["agencies"], "id", "companyName", "email"), "Group": lambda _: None},
        "inventory": {
            "Book": dict,
            "Magazine": dict,
            "Book.delivery": delivery,
            "Magazine.delivery": delivery,
        },
        "books": {
            "Book": by(rows["books"], "id", "title"),
            "Query.books": lambda _: [pick(each, "id", "title") for each in rows["books"]],
        },
        "users": {
            "User": by(rows["users"], "email", "name"),
            "User.totalProductsCreated": lambda user: created[user["email"]],
        },
        "reviews": {
            "Book": reviewed,
            "Magazine": reviewed,
            "Book.reviewsOfSimilar": reviews_of_similar,
            "Magazine.reviewsOfSimilar": reviews_of_similar,
            "Review.product": reviewed_product,
            "Query.review": lambda _, id: next((each for each in rows["reviews"] if each["id"] == id), None),  # noqa: A006
        },
        "products": {
            "Book": product_by_id,
            "Magazine": product_by_id,
            "Book.similar": similar,
            "Magazine.similar": similar,
            "Query.products": lambda _: [product(each) for each in products],
            "Query.similar": similar,
        },
        "magazines": {
            "Magazine": by(rows["magazines"], "id", "title"),
            "Query.magazines": lambda _: [pick(each, "id", "title") for each in rows["magazines"]],
        },
    }
