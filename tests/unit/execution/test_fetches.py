"""What is asked of subgraphs, when, and where their answers go."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.planning.plan import (
    Condition,
    EntityFetch,
    Fetch,
    Key,
    KeyRenamer,
    Parallel,
    Representation,
    RequiredField,
    RequiredFragment,
    Sequence,
)

Make = Callable[..., Any]

SDL = """
    type Query { users: [User!] product: Product media: Media me(id: ID, filter: Filter): User }
    input Filter { name: String, first: Int = 5 }
    type Mutation { one: Int two: Int }
    type User { id: ID! name: String favourite: Product friends: [User!] }
    interface Media { id: ID! title: String }
    type Book implements Media { id: ID! title: String }
    type Product { id: ID! price: Int stock: Int buyer: User tags: [String!] }
"""
USERS = "{users{__typename id}}"
STOCK = "query($r:[_Any!]!){e:_entities(representations:$r){...on Product{stock}}}"
NAMES = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{name}}}"


@pytest.fixture
def names(path: Make, representation: Make) -> Make:
    """The fetch of users' names at some paths."""

    def make(*paths: str, **options: Any) -> Fetch:
        entity = EntityFetch(
            "_entities",
            "representations",
            tuple(path(text) for text in paths),
            (representation("User", "id"),),
            **options,
        )
        return Fetch(1, "names", "query", NAMES, entities=(entity,))

    return make


def named(request: dict[str, Any]) -> Any:
    sent = request["variables"]["representations"]
    return {"data": {"_entities": [{"name": f"name of {one['id']}"} for one in sent]}}


def users(*ids: str) -> Any:
    return lambda _request: {"data": {"users": [{"__typename": "User", "id": one} for one in ids]}}


async def test_entities_are_asked_for_once_and_stand_at_every_place(router: Make, names: Make) -> None:
    node = Sequence((Fetch(0, "ids", "query", USERS), names("users.@")))
    made = router(SDL, "{ users { name } }", node, ids=users("1", "2", "1"), names=named)
    result = await made.execute()
    assert result.data == {"users": [{"name": f"name of {one}"} for one in "121"]}
    assert made.subgraphs["names"].requests == [
        {
            "query": NAMES,
            "variables": {"representations": [{"__typename": "User", "id": one} for one in "12"]},
        }
    ]


async def test_paths_of_one_entity_fetch_share_its_representations(router: Make, names: Make) -> None:
    data = {
        "users": [{"__typename": "User", "id": "1"}],
        "product": {"buyer": {"__typename": "User", "id": "1"}},
    }
    node = Sequence((Fetch(0, "ids", "query", USERS), names("users.@", "product.buyer")))
    made = router(
        SDL, "{ users { name } product { buyer { name } } }", node, ids=lambda _: {"data": data}, names=named
    )
    result = await made.execute()
    assert result.data == {"users": [{"name": "name of 1"}], "product": {"buyer": {"name": "name of 1"}}}
    assert len(made.subgraphs["names"].requests[0]["variables"]["representations"]) == 1


async def test_places_of_different_paths_do_not_share_what_is_below_them(
    router: Make, path: Make, representation: Make
) -> None:
    """The same entity, then another fetch below one of its two places only."""
    data = {"users": [{"__typename": "User", "id": "1"}], "me": {"__typename": "User", "id": "1"}}
    product = {"__typename": "Product", "id": "7", "price": 1}
    favourites = Fetch(
        1,
        "names",
        "query",
        "query($r:[_Any!]!){e:_entities(representations:$r){...on User{favourite{__typename id price}}}}",
        entities=(EntityFetch("e", "r", (path("users.@"), path("me")), (representation("User", "id"),)),),
    )
    prices = Fetch(
        2,
        "prices",
        "query",
        "query($r:[_Any!]!){e:_entities(representations:$r){...on Product{price}}}",
        entities=(EntityFetch("e", "r", (path("me.favourite"),), (representation("Product", "id"),)),),
    )
    made = router(
        SDL,
        "{ users { favourite { price } } me { favourite { price } } }",
        Sequence((Fetch(0, "ids", "query", USERS), favourites, prices)),
        ids=lambda _: {"data": data},
        names=lambda _: {"data": {"e": [{"favourite": product}]}},
        prices=lambda _: {"data": {"e": [{"price": 2}]}},
    )
    result = await made.execute()
    assert result.data == {"users": [{"favourite": {"price": 1}}], "me": {"favourite": {"price": 2}}}


async def test_nothing_is_sent_where_no_object_wants_an_entity(router: Make, names: Make) -> None:
    node = Sequence((Fetch(0, "ids", "query", USERS), names("users.@")))
    made = router(SDL, "{ users { name } }", node, ids=users(), names=named)
    assert (await made.execute()).data == {"users": []}
    assert made.subgraphs["names"].requests == []


@pytest.mark.parametrize("member", [{}, {"price": None}])
async def test_an_object_without_a_required_member_makes_no_representation(
    router: Make, path: Make, member: dict[str, Any]
) -> None:
    representation = Representation(
        "Product",
        ("Product",),
        (RequiredField("id", "id"), RequiredField("price", "price")),
        non_null=("price",),
    )
    fetch = Fetch(
        1, "stock", "query", STOCK, entities=(EntityFetch("e", "r", (path("product"),), (representation,)),)
    )
    product = {"__typename": "Product", "id": "1", **member}
    made = router(
        SDL,
        "{ product { id stock } }",
        Sequence((Fetch(0, "ids", "query", "{product{id}}"), fetch)),
        ids=lambda _: {"data": {"product": product}},
        stock=lambda _: {"data": {"e": [{"stock": 1}]}},
    )
    result = await made.execute()
    assert (result.data, result.errors) == ({"product": {"id": "1", "stock": None}}, [])
    assert made.subgraphs["stock"].requests == []


async def test_a_representation_takes_nested_members_fragments_and_other_names(
    router: Make, path: Make
) -> None:
    representation = Representation(
        "User",
        ("User",),
        (
            RequiredField("id", "_key"),
            RequiredField(
                "friends",
                "friends",
                (
                    RequiredField("id", "id"),
                    RequiredFragment("User", ("User",), (RequiredField("name", "name"),)),
                ),
            ),
        ),
        typename="Person",
    )
    document = "query($r:[_Any!]!){e:_entities(representations:$r){...on Person{name}}}"
    fetch = Fetch(
        1, "b", "query", document, entities=(EntityFetch("e", "r", (path("me.|[User]"),), (representation,)),)
    )
    friends = [
        {"__typename": "User", "id": "2", "name": None, "more": 1},
        None,
        {"__typename": "X", "id": "3"},
    ]
    me = {"__typename": "User", "_key": "1", "friends": friends}
    made = router(
        SDL,
        "{ me { name } }",
        Sequence((Fetch(0, "a", "query", "{me{id}}"), fetch)),
        a=lambda _: {"data": {"me": me}},
        b=lambda _: {"data": {"e": [{"name": "Ada"}]}},
    )
    assert (await made.execute()).data == {"me": {"name": "Ada"}}
    assert made.subgraphs["b"].requests[0]["variables"]["r"] == [
        {"__typename": "Person", "id": "1", "friends": [{"id": "2", "name": None}, None, {"id": "3"}]}
    ]


async def test_an_interface_objects_typename_does_not_replace_the_real_one(
    router: Make, path: Make, representation: Make
) -> None:
    entity = EntityFetch("e", "r", (path("media"),), (representation("Book", "id", typename="Media"),))
    document = "query($r:[_Any!]!){e:_entities(representations:$r){...on Media{__typename title}}}"
    made = router(
        SDL,
        "{ media { __typename title } }",
        Sequence(
            (Fetch(0, "a", "query", "{media{id}}"), Fetch(1, "b", "query", document, entities=(entity,)))
        ),
        a=lambda _: {"data": {"media": {"__typename": "Book", "id": "1"}}},
        b=lambda _: {"data": {"e": [{"__typename": "Media", "title": "T"}]}},
    )
    assert (await made.execute()).data == {"media": {"__typename": "Book", "title": "T"}}


async def test_members_fetched_under_an_alias_get_their_name_back(router: Make, names: Make) -> None:
    renamer = KeyRenamer((Key("_0_name"),), "name")
    node = Sequence((Fetch(0, "ids", "query", USERS), names("users.@", renames=(renamer,))))
    made = router(
        SDL,
        "{ users { name } }",
        node,
        ids=users("1"),
        names=lambda _: {
            "data": {"_entities": [{"_0_name": None}]},
            "errors": [{"message": "no", "path": ["_entities", 0, "_0_name"]}],
        },
    )
    result = await made.execute()
    assert result.data == {"users": [{"name": None}]}
    assert result.errors[0]["path"] == ["users", 0, "name"]


async def test_answers_for_the_same_root_field_are_merged(router: Make) -> None:
    node = Parallel((Fetch(0, "a", "query", "{product{id}}"), Fetch(1, "b", "query", "{product{price}}")))
    made = router(
        SDL,
        "{ product { id price tags buyer { id name } } }",
        node,
        a=lambda _: {"data": {"product": {"id": "1", "tags": ["x"], "buyer": {"id": "2"}}}},
        b=lambda _: {"data": {"product": {"price": 3, "tags": ["x"], "buyer": {"name": "Ada"}}}},
    )
    assert (await made.execute()).data == {
        "product": {"id": "1", "price": 3, "tags": ["x"], "buyer": {"id": "2", "name": "Ada"}}
    }


async def test_only_the_variables_that_a_fetch_uses_are_sent(router: Make) -> None:
    operation = "query($id: ID, $filter: Filter, $other: Int = 3) { me(id: $id, filter: $filter) { id } }"
    fetch = Fetch(0, "a", "query", "query N($id:ID,$filter:Filter){me}", "N", variables=("id", "filter"))
    made = router(SDL, operation, fetch, a=lambda _: {"data": {"me": None}})
    await made.execute({"filter": {"name": "x"}, "unknown": 1})
    await made.execute({"id": 7})
    assert made.subgraphs["a"].requests == [
        {"query": fetch.document, "operationName": "N", "variables": {"filter": {"name": "x", "first": 5}}},
        {"query": fetch.document, "operationName": "N", "variables": {"id": "7"}},
    ]


@pytest.mark.parametrize(("value", "asked"), [(True, "a"), (False, "b")])
async def test_a_condition_chooses_what_is_fetched(router: Make, value: bool, asked: str) -> None:  # noqa: FBT001 - a parameter of the test
    node = Condition("v", Fetch(0, "a", "query", "{me{id}}"), Fetch(1, "b", "query", "{me{id}}"))
    made = router(
        SDL,
        "query($v: Boolean!) { me { id @include(if: $v) name @skip(if: $v) } }",
        node,
        a=lambda _: {"data": {"me": {"id": "1"}}},
        b=lambda _: {"data": {"me": {"name": "x"}}},
    )
    await made.execute({"v": value})
    assert [name for name, subgraph in made.subgraphs.items() if subgraph.requests] == [asked]


async def test_parallel_fetches_are_under_way_together(router: Make) -> None:
    both = asyncio.Barrier(2)

    async def meet(key: str) -> Any:
        await asyncio.wait_for(both.wait(), 5)
        return {"data": {key: None}}

    node = Parallel((Fetch(0, "a", "query", "{me{id}}"), Fetch(1, "b", "query", "{product{id}}")))
    made = router(
        SDL, "{ me { id } product { id } }", node, a=lambda _: meet("me"), b=lambda _: meet("product")
    )
    assert (await made.execute()).errors == []


async def test_mutations_run_one_after_another_and_are_never_sent_twice(router: Make) -> None:
    log: list[str] = []

    async def mutate(key: str) -> Any:
        log.append(f"{key} begins")
        await asyncio.sleep(0)
        log.append(f"{key} ends")
        return {"data": {key: 1}}

    node = Sequence((Fetch(0, "a", "mutation", "mutation{one}"), Fetch(1, "b", "mutation", "mutation{two}")))
    made = router(SDL, "mutation { one two }", node, a=lambda _: mutate("one"), b=lambda _: mutate("two"))
    assert (await made.execute()).data == {"one": 1, "two": 1}
    assert log == ["one begins", "one ends", "two begins", "two ends"]
    assert not made.subgraphs["a"].sent[0].idempotent


async def test_a_client_that_goes_away_cancels_its_fetches(router: Make) -> None:
    cancelled = []
    started = asyncio.Event()

    async def hang(name: str) -> Any:
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            cancelled.append(name)

    node = Parallel((Fetch(0, "a", "query", "{me{id}}"), Fetch(1, "b", "query", "{product{id}}")))
    made = router(SDL, "{ me { id } product { id } }", node, a=lambda _: hang("a"), b=lambda _: hang("b"))
    task = asyncio.ensure_future(made.execute())
    await started.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(cancelled) == ["a", "b"]


async def test_each_subgraph_gets_its_own_headers(router: Make) -> None:
    made = router(
        SDL, "{ me { id } }", Fetch(0, "a", "query", "{me{id}}"), a=lambda _: {"data": {"me": None}}
    )
    await made.execute(headers=lambda subgraph: (("x-for", subgraph),))
    headers = made.subgraphs["a"].sent[0].headers
    assert dict(headers) == {
        "content-type": "application/json",
        "accept": "application/graphql-response+json, application/json;q=0.9",
        "x-for": "a",
    }
