"""The answer holds what the operation selects, in its order, as the schema's types allow."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.execution import ExecutionResult
from gateway.planning.plan import Fetch

Complete = Callable[..., Awaitable[ExecutionResult]]

SDL = """
    type Query { user: User users: [User!] strict: User! node: Node any: Any search: [Any] json: JSON list: [[Int!]] }
    interface Node { id: ID! }
    union Any = User | Product
    type User implements Node { id: ID! name: String age: Int height: Float active: Boolean role: Role friend: User! tags: [String!]! }
    type Product implements Node { id: ID! price: Int! }
    enum Role { ADMIN USER }
    scalar JSON
"""


@pytest.fixture
def complete(router: Callable[..., Any]) -> Complete:
    async def run(operation: str, data: Any, variables: Any = None, errors: Any = ()) -> ExecutionResult:
        answer = {"data": data, "errors": list(errors)}
        made = router(SDL, operation, Fetch(0, "a", "query", operation), a=lambda _request: answer)
        result: ExecutionResult = await made.execute(variables)
        return result

    return run


def paths(result: ExecutionResult) -> list[list[str | int]]:
    return [error["path"] for error in result.errors]


async def test_fields_stand_in_the_operations_order_under_their_aliases(complete: Complete) -> None:
    result = await complete(
        "{ user { years: age name id } }", {"user": {"extra": 1, "id": "1", "name": "Ada", "years": 36}}
    )
    assert result.encode() == b'{"data":{"user":{"years":36,"name":"Ada","id":"1"}}}'


async def test_fragments_apply_by_the_runtime_type(complete: Complete) -> None:
    operation = "{ search { __typename ... on User { name } ... on Product { price } ...N } } fragment N on Node { id }"
    data = [
        {"__typename": "User", "name": "Ada", "price": 3, "id": "1"},
        {"__typename": "Product", "price": 3, "id": "2"},
        None,
    ]
    result = await complete(operation, {"search": data})
    assert result.data == {
        "search": [
            {"__typename": "User", "name": "Ada", "id": "1"},
            {"__typename": "Product", "price": 3, "id": "2"},
            None,
        ]
    }


async def test_selections_of_one_key_are_merged(complete: Complete) -> None:
    result = await complete("{ user { name } ... { user { id } } }", {"user": {"name": "Ada", "id": "1"}})
    assert result.data == {"user": {"name": "Ada", "id": "1"}}


async def test_typename_is_answered_where_the_subgraph_was_not_asked(complete: Complete) -> None:
    result = await complete("{ kind: __typename user { __typename } }", {"user": {}})
    assert result.data == {"kind": "Query", "user": {"__typename": "User"}}


@pytest.mark.parametrize(
    ("variables", "keys"),
    [
        ({"a": True, "b": True}, []),
        ({"a": True, "b": False}, ["name"]),
        ({"a": False, "b": False}, ["name", "age"]),
    ],
)
async def test_one_plan_serves_all_values_of_skip_and_include(
    complete: Complete, variables: Any, keys: Any
) -> None:
    operation = """query($a: Boolean!, $b: Boolean!) {
        user { ...F @skip(if: $b) age @skip(if: $a) @skip(if: $b) id @include(if: false) }
    } fragment F on User { name }"""
    result = await complete(operation, {"user": {"name": "Ada", "age": 36, "id": "1"}}, variables)
    assert list(result.data["user"]) == keys


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 7),
        ("name", {"a": 1}),
        ("age", "7"),
        ("age", 7.5),
        ("age", 2**31),
        ("age", True),
        ("height", "tall"),
        ("height", True),
        ("active", 1),
        ("role", "OWNER"),
        ("role", ["ADMIN"]),
        ("role", 0),
    ],
)
async def test_a_leaf_of_the_wrong_type_is_null_with_an_error(
    complete: Complete, field: Any, value: Any
) -> None:
    result = await complete(f"{{ user {{ {field} }} }}", {"user": {field: value}})
    assert result.data == {"user": {field: None}}
    assert paths(result) == [["user", field]]
    assert str(value) not in result.errors[0]["message"] or value == 0


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("age", 7.0, 7),
        ("age", -(2**31), -(2**31)),
        ("height", 7, 7),
        ("height", 10**30, 10**30),
        ("id", 7, "7"),
        ("active", False, False),
        ("role", "ADMIN", "ADMIN"),
    ],
)
async def test_values_that_a_leaf_can_hold(complete: Complete, field: Any, value: Any, shown: Any) -> None:
    result = await complete(f"{{ user {{ {field} }} }}", {"user": {field: value}})
    assert (result.data, result.errors) == ({"user": {field: shown}}, [])


async def test_a_custom_scalar_passes_with_full_precision(complete: Complete) -> None:
    value = {"big": 123456789012345678901234567890, "list": [1, None, {"x": []}]}
    result = await complete("{ json }", {"json": value})
    assert result.data == {"json": value}


async def test_null_goes_up_to_the_nearest_nullable_parent(complete: Complete) -> None:
    result = await complete(
        "{ user { name friend { name friend { id } } } }", {"user": {"friend": {"friend": {}}}}
    )
    assert result.data == {"user": None}
    assert paths(result) == [["user", "friend", "friend", "id"]]


async def test_null_at_the_root_is_all_there_is(complete: Complete) -> None:
    result = await complete("{ strict { id } }", {"strict": None})
    assert result.encode().startswith(b'{"data":null,"errors":[')
    assert paths(result) == [["strict"]]


async def test_null_in_a_list_of_non_null_items_takes_the_list(complete: Complete) -> None:
    result = await complete(
        "{ users { id } list }", {"users": [{"id": "1"}, None], "list": [[1], [2, None], None]}
    )
    assert result.data == {"users": None, "list": [[1], None, None]}
    assert paths(result) == [["users", 1], ["list", 1, 1]]


async def test_a_list_that_is_none_is_an_error(complete: Complete) -> None:
    result = await complete("{ users { id } list }", {"users": {"id": "1"}, "list": [3]})
    assert result.data == {"users": None, "list": [None]}
    assert paths(result) == [["users"], ["list", 0]]


async def test_a_null_that_the_subgraph_explained_has_one_error(complete: Complete) -> None:
    errors = [{"message": "gone", "path": ["user", "friend", "id"]}]
    result = await complete("{ user { friend { id } } }", {"user": {"friend": {"id": None}}}, errors=errors)
    assert result.data == {"user": None}
    assert [error["message"] for error in result.errors] == ["gone"]


async def test_a_null_elsewhere_has_an_error_of_its_own(complete: Complete) -> None:
    errors = [{"message": "gone", "path": ["users", 0, "name"]}]
    data = {"users": [{"name": None, "id": "1"}, {"name": "Ada", "id": None}]}
    result = await complete("{ users { name id } }", data, errors=errors)
    assert paths(result) == [["users", 0, "name"], ["users", 1, "id"]]


@pytest.mark.parametrize(
    "value", [{"__typename": None}, {"__typename": "Secret", "id": "1"}, {"__typename": "Role"}, 7, []]
)
async def test_an_object_of_no_known_type_is_null_with_an_error(complete: Complete, value: Any) -> None:
    result = await complete("{ node { id } }", {"node": value})
    assert result.data == {"node": None}
    assert paths(result) == [["node"]]


async def test_what_is_no_object_is_null_with_an_error(complete: Complete) -> None:
    result = await complete("{ user { id } }", {"user": "Ada"})
    assert (result.data, paths(result)) == ({"user": None}, [["user"]])


async def test_an_interface_objects_own_name_is_enough_where_the_type_makes_no_difference(
    complete: Complete,
) -> None:
    operation = (
        "query($no: Boolean!) { node { id ... on Node { key: id } ... on User @include(if: $no) { name } } }"
    )
    result = await complete(operation, {"node": {"__typename": "Node", "id": "1", "key": "1"}}, {"no": False})
    assert (result.data, result.errors) == ({"node": {"id": "1", "key": "1"}}, [])


@pytest.mark.parametrize("node", [{"__typename": "Node", "id": "1"}, {"id": "1"}])
@pytest.mark.parametrize("dependent", ["__typename", "... on User { id }", "... { ...F }"])
async def test_an_interface_objects_own_name_is_not_enough_where_it_does(
    complete: Complete, dependent: str, node: Any
) -> None:
    operation = f"{{ node {{ id {dependent} }} }} fragment F on Product {{ id }}"
    result = await complete(operation, {"node": node})
    assert (result.data, paths(result)) == ({"node": None}, [["node"]])


async def test_an_interface_objects_name_tells_no_type_and_needs_to_tell_none(router: Any) -> None:
    """Each thing is an entity: the fragment is for all of them, whatever type they turn out to be."""
    sdl = """
        type Query { thing: Thing other: Thing }
        interface Thing { age: Int }
        interface Entity { id: ID }
        type A implements Thing & Entity { age: Int id: ID }
        type B implements Thing & Entity { age: Int id: ID }
    """
    operation = "{ thing { age ... on Entity { id } } other { ... on A { id } } }"
    entity = {"__typename": "Entity", "age": 1, "id": "2"}
    fetch = Fetch(0, "a", "query", "{thing{__typename age id} other{__typename id}}")
    made = router(sdl, operation, fetch, a=lambda _: {"data": {"thing": entity, "other": entity}})
    result = await made.execute()
    assert result.data == {"thing": {"age": 1, "id": "2"}, "other": None}
    assert [error["path"] for error in result.errors] == [["other"]]
