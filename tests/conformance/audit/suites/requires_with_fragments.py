"""Requirements that hold nested fragments on interfaces and on a type that clients cannot see."""

from typing import Any

from tests.conformance.audit.subgraph import Resolvers, Row


def resolvers(rows: dict[str, Any]) -> dict[str, Resolvers]:
    data = {each["id"]: each for each in (*rows["bazs"], *rows["quxs"])}
    entities = {each["id"]: {**each, "data": data[each["data"]]} for each in rows["entities"]}

    def requirer(entity: Row) -> str:
        given = entity["data"]
        own = {"Baz": "baz", "Qux": "qux"}[given["__typename"]]
        assert {"foo", "bar", own} <= given.keys()
        return f"{given['foo']}_requirer"

    return {
        "a": {"Query.a": lambda _: entities["e2"], "Entity": lambda sent: entities.get(sent["id"])},
        "b": {
            "Query.b": lambda _: {"id": "e1"},
            "Query.bb": lambda _: {"id": "e2"},
            "Entity": dict,
            "Entity.requirer": requirer,
            "Entity.requirer2": lambda entity: f"{entity['data']['foo']}_requirer2",
        },
    }
