import json
from typing import Any

import pytest
import strawberry
import strawberry.federation

from common.app import subgraph_schema


@strawberry.type
class Hull:
    metres: int
    decks: list[int]


@strawberry.federation.type(keys=["id"])
class Ship:
    id: strawberry.ID
    tons: int = 0
    hull: Hull | None = None

    @classmethod
    def resolve_reference(
        cls,
        info: strawberry.Info,
        id: strawberry.ID,  # noqa: A002
        tons: int = 0,
        hull: dict[str, Any] | None = None,
    ) -> "Ship | None":
        del info
        return None if id == "sunk" else cls(id=id, tons=tons, hull=Hull(**hull) if hull else None)


@strawberry.type
class Query:
    ship: Ship


schema = subgraph_schema(query=Query)
QUERY = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Ship { id tons } } }"


async def resolve(*representations: Any) -> tuple[list[Any], list[str]]:
    result = await schema.execute(QUERY, {"r": list(representations)})
    assert result.data is not None
    return json.loads(json.dumps(result.data["_entities"])), [error.message for error in result.errors or ()]


def ship(**members: Any) -> dict[str, Any]:
    return {"__typename": "Ship", **members}


async def test_entities_come_in_the_order_of_their_representations() -> None:
    entities, errors = await resolve(ship(id="a"), ship(id="sunk"), ship(id="b", tons=3))
    assert entities == [{"id": "a", "tons": 0}, None, {"id": "b", "tons": 3}]
    assert errors == []


async def test_scalars_are_coerced_as_arguments_are() -> None:
    assert (await resolve(ship(id=7)))[0] == [{"id": "7", "tons": 0}]


async def test_objects_and_lists_are_taken_apart() -> None:
    hull = {"metres": 30.0, "decks": [1, 2.0], "whale": 1}
    result = await schema.execute(
        "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Ship { hull { metres decks } } } }",
        {"r": [ship(id="a", hull=hull)]},
    )
    assert result.data == {"_entities": [{"hull": {"metres": 30, "decks": [1, 2]}}]}


async def test_members_that_the_type_does_not_take_are_left_out() -> None:
    assert (await resolve(ship(id="a", info="x", cls="y", whale=1)))[0] == [{"id": "a", "tons": 0}]


@pytest.mark.parametrize(
    ("representation", "message"),
    [
        ({}, "A representation is not an object with a __typename"),
        ("Ship", "A representation is not an object with a __typename"),
        ({"__typename": ["Ship"]}, "A representation is not an object with a __typename"),
        ({"__typename": "Whale"}, "A representation's __typename is not an entity of this subgraph"),
        ({"__typename": "Query"}, "A representation's __typename is not an entity of this subgraph"),
        (ship(), "A representation of Ship lacks id"),
        (ship(id=None), "Ship.id of a representation is null"),
        (ship(id=["a"]), "Ship.id of a representation is no ID"),
        (ship(id="a", tons="many"), "Ship.tons of a representation is no Int"),
        (ship(id="a", tons=[1]), "Ship.tons of a representation is no Int"),
        (ship(id="a", hull=7), "Ship.hull of a representation is no Hull"),
        (ship(id="a", hull={"metres": None}), "Ship.hull.metres of a representation is null"),
        (ship(id="a", hull={"decks": 2}), "Ship.hull.decks of a representation is no [Int!]"),
        (ship(id="a", hull={"decks": ["two"]}), "Ship.hull.decks of a representation is no Int"),
    ],
)
async def test_a_representation_of_no_entity_is_an_error_in_its_own_place(
    representation: Any, message: str
) -> None:
    entities, errors = await resolve(ship(id="a"), representation)
    assert entities == [{"id": "a", "tons": 0}, None]
    assert errors == [message]
