"""Fields that require parts of an interface which another subgraph gives."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row, by, pick


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    users = rows["users"]
    addresses = {each["id"]: each for each in rows["addresses"]}
    address = {each: by(addresses.values(), "id", "city") for each in ("HomeAddress", "WorkAddress")}

    def city(user: Row) -> str:
        return str(addresses[user["address"]["id"]]["city"])

    def country(user: Row) -> str | None:
        given = user["address"]
        if given["__typename"] != "WorkAddress":
            assert "id" not in given
            return None
        return str(addresses[given["id"]]["country"])

    def with_address(user: Row) -> Row:
        return {**pick(user, "id", "name"), "address": pick(addresses[user["address"]], "id", "city")}

    return {
        "a": {
            "Query.a": lambda _: pick(users[0], "id", "name"),
            "User": by(users, "id", "name"),
            "User.city": city,
            "User.country": country,
            **address,
        },
        "b": {
            "Query.b": lambda _: with_address(users[1]),
            "User": lambda sent: next(
                (with_address(each) for each in users if each["id"] == sent["id"]), None
            ),
            **address,
            "SecondAddress": lambda _: None,
        },
    }
