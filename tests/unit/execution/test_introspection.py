"""Introspection is answered from the API schema, alone or beside data."""

from collections.abc import Callable
from typing import Any

from graphql import build_client_schema, get_introspection_query, print_schema

from gateway.planning.plan import Fetch

Make = Callable[..., Any]
SDL = "type Query {\n  a: Int\n}"


async def test_the_whole_schema_can_be_read_back(router: Make) -> None:
    made = router(SDL, get_introspection_query(), None)
    result = await made.execute()
    assert result.errors == []
    assert print_schema(build_client_schema(result.data)) == SDL
    assert (await made.execute()).data == result.data


async def test_introspection_beside_data_in_the_operations_order(router: Make) -> None:
    operation = """query($name: String!, $no: Boolean!) {
        t: __type(name: $name) { ...T } a ... on Query { __schema { queryType { name } } } __typename
    } fragment T on __Type { name kind @include(if: $no) fields { name } }"""
    made = router(SDL, operation, Fetch(0, "a", "query", "{a}"), a=lambda _: {"data": {"a": 1}})
    result = await made.execute({"name": "Query", "no": False})
    assert list(result.data.items()) == [
        ("t", {"name": "Query", "fields": [{"name": "a"}]}),
        ("a", 1),
        ("__schema", {"queryType": {"name": "Query"}}),
        ("__typename", "Query"),
    ]
    assert (await made.execute({"name": "Secret", "no": True})).data["t"] is None
