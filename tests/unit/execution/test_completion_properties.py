"""Whatever the data, completion gives what graphql-core's own execution of the same data gives."""

from collections.abc import Coroutine
from random import Random
from types import SimpleNamespace
from typing import Any

import msgspec
from graphql import (
    FieldNode,
    build_schema,
    execute_sync,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
)
from hypothesis import given, settings
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
    l { t { n } s_2: s }
    a { s n_2: n x @skip(if: $yes) { n } t { e } }
}
fragment F on T { s n t { n s } is { n ... on T { e ss } } x @include(if: $no) { e } }
"""
DOCUMENT = parse(OPERATION)


def plan_of(document: str) -> QueryPlan:
    return QueryPlan(
        DOCUMENT.definitions[0], {"F": DOCUMENT.definitions[1]}, Fetch(0, "a", "query", document)
    )


PLAN = plan_of(OPERATION)
TYPED = compile_plan(PLAN, SimpleNamespace(api_schema=SCHEMA))
GENERAL = compile_plan(plan_of("{a}"), SimpleNamespace(api_schema=SCHEMA))
"""By its document, this one's fetch does not fill the answer: it is not typed."""


VALID = {"String": "s", "Int": 3, "ID": "1", "Float": 1.5, "Boolean": True, "E": "P"}
Nodes = list[FieldNode]


def value_of(declared: Any, nodes: Nodes, random: Random) -> Any:
    """A value of the type; now and then a null or what the type cannot hold."""
    if is_non_null_type(declared):
        declared = declared.of_type
    if random.random() < 0.07:
        return None
    if is_list_type(declared):
        faulty = random.random() < 0.03
        return (
            7 if faulty else [value_of(declared.of_type, nodes, random) for _ in range(random.randint(0, 2))]
        )
    if is_leaf_type(declared):
        return {"wrong": 1} if random.random() < 0.05 else VALID[declared.name]
    return object_of(declared, [node.selection_set for node in nodes], random)


def object_of(declared: Any, sets: list[Any], random: Random) -> Any:
    """An object of some type of the position, with all that the operation may ask of it."""
    possible = SCHEMA.get_possible_types(declared) if is_abstract_type(declared) else [declared]
    runtime_type = random.choice(possible)
    typed = random.random() > 0.05
    value = {"__typename": runtime_type.name} if typed else {}
    for key, nodes in selected(sets).items():
        if nodes[0].name.value in runtime_type.fields:
            value[key] = value_of(runtime_type.fields[nodes[0].name.value].type, nodes, random)
    return value


def selected(sets: list[Any]) -> dict[str, Nodes]:
    """The fields of some selection sets by response key, whatever their conditions."""
    fields: dict[str, Nodes] = {}
    for selection in (selection for selection_set in sets for selection in selection_set.selections):
        if isinstance(selection, FieldNode):
            inner = {(selection.alias or selection.name).value: [selection]}
        else:
            fragment = PLAN.fragments[selection.name.value] if hasattr(selection, "name") else selection
            inner = selected([fragment.selection_set])
        for key, nodes in inner.items():
            fields.setdefault(key, []).extend(nodes)
    return fields


roots = st.randoms(use_true_random=False).map(
    lambda random: object_of(SCHEMA.query_type, [PLAN.operation.selection_set], random)
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


@settings(deadline=None)  # the machine is shared
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
    for compiled in (TYPED, GENERAL):
        compiled.prepare(variables)
        result = run(compiled.execute(variables, context))
        assert result.data == expected.data
        assert [error["path"] for error in result.errors] == [error.path for error in expected.errors or ()]
        assert list(result.data or ()) == list(expected.data or ())
