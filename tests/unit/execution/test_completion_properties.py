"""Whatever the data, completion gives what graphql-core's own execution of the same data gives."""

from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import msgspec
from graphql import build_schema, execute_sync, parse
from hypothesis import given
from hypothesis import strategies as st

from common.http import Request, Response
from gateway.execution import RequestContext, compile_plan
from gateway.planning.plan import Fetch, QueryPlan

SCHEMA = build_schema("""
    type Query { a: T b: T! i: I u: [U!] l: [[T!]!] }
    interface I { n: Int! t: T }
    union U = T | V
    type T implements I { s: String n: Int! e: E! t: T x: T! is: [I] ts: [T!]! ss: [String!] m: [[Int!]]! }
    type V implements I { n: Int! t: T d: ID! f: Float b: Boolean! }
    enum E { P Q }
""")
OPERATION = """
query($yes: Boolean!, $no: Boolean!) {
    a { ...F ts { ...F } }
    b @include(if: $yes) { e x { n ...F } m }
    i { n t { ss } ... on V { d f ... on I { t { s } } } ... on T { is { n __typename } } }
    u { __typename ... on T { e s @skip(if: $no) } ... on V { b d } }
    l { t { n } alias: s }
    a { s alias: n x @skip(if: $yes) { n } t { e } }
}
fragment F on T { s n t { n s } is { n ... on T { e ss } } x @include(if: $no) { e } }
"""
DOCUMENT = parse(OPERATION)
PLAN = QueryPlan(DOCUMENT.definitions[0], {"F": DOCUMENT.definitions[1]}, Fetch(0, "a", "query", "{a}"))
COMPILED = compile_plan(PLAN, SimpleNamespace(api_schema=SCHEMA))

WRONG = st.just({"wrong": 1})
strings = st.none() | WRONG | st.text(max_size=2)
ints = st.none() | st.integers(-3, 3) | st.just(2**31) | WRONG
enums = st.sampled_from(["P", "Q", "P", "Q", "R", None])


def lists(items: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | st.lists(items, max_size=3) | st.just(7)


def objects(inner: st.SearchStrategy) -> st.SearchStrategy:
    def fields(**members: st.SearchStrategy) -> st.SearchStrategy:
        return st.fixed_dictionaries({}, optional=members)

    shared = {"n": ints, "alias": strings, "t": inner}
    t = fields(
        **shared, s=strings, e=enums, x=inner, ss=lists(strings), m=lists(lists(ints)),
        ts=lists(inner), **{"is": lists(inner)},
    ).map(lambda value: {"__typename": "T", **value})  # fmt: skip
    v = fields(
        **shared, d=st.sampled_from(["1", 2, None]), f=st.sampled_from([1.5, 2, None]), b=st.booleans()
    ).map(lambda value: {"__typename": "V", **value})
    return t | t | v | st.none() | fields(n=ints)


values = st.recursive(st.none(), objects, max_leaves=12)
roots = st.fixed_dictionaries(
    {}, optional={"a": values, "b": values, "i": values, "u": lists(values), "l": lists(lists(values))}
)


class Subgraph:
    url = ""

    def __init__(self, data: object) -> None:
        self.body = msgspec.json.encode({"data": data})

    async def send(self, _request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109, ARG002 - the protocol's
        return Response(200, (), self.body)

    async def close(self) -> None:
        pass


def resolve(source: Any, info: Any, **_arguments: Any) -> Any:
    """The member under the response key, as a subgraph answers; an alias is asked for by it."""
    node = info.field_nodes[0]
    return source.get((node.alias or node.name).value)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """A coroutine that never suspends needs no loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("suspended")


@given(data=roots, yes=st.booleans(), no=st.booleans())
def test_data_and_error_positions_equal_graphql_cores(data: Any, yes: Any, no: Any) -> None:
    variables = {"yes": yes, "no": no}
    expected = execute_sync(
        SCHEMA,
        DOCUMENT,
        root_value=data,
        variable_values=variables,
        field_resolver=resolve,
        type_resolver=lambda value, *_: value.get("__typename"),
    )
    context = RequestContext(transports={"a": Subgraph(data)}, headers=lambda _: ())
    result = run(COMPILED.execute(variables, context))
    assert result.data == expected.data
    assert [error["path"] for error in result.errors] == [error.path for error in expected.errors or ()]
    assert list(result.data or ()) == list(expected.data or ())
