"""Whatever is refused: the answer is that of one schema whose resolvers refuse, and nothing refused was asked for."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    GraphQLSchema,
    SelectionSetNode,
    build_schema,
    execute_sync,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    parse,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.composition import Subgraph, compose
from gateway.execution import RequestContext, coerce_variables, compile_plan
from gateway.planning import Planner
from gateway.planning.refusal import Refusal
from gateway.supergraph import Supergraph
from gateway.supergraph.authorization import Authorization, Guard
from tests.unit.execution.conftest import FakeSubgraph

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])\n'
A = """
type Query { node: Node nodes: [Node!]! user: User users: [[User]!] hits: [Hit!] }
interface Node { id: ID! name: String owner: User }
type User implements Node @key(fields: "id") { id: ID! name: String owner: User secret: String! friend: User! }
type Page implements Node @key(fields: "id") { id: ID! name: String owner: User text: Text }
union Hit = User | Page
scalar Text
"""
B = """
type User @key(fields: "id") { id: ID! note: String boss: User! page: Page }
type Page @key(fields: "id") { id: ID! rank: Int! reader: User }
"""
ENTITIES = """
scalar _Any union _Entity = User | Page
extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
"""
OBJECTS: dict[str, dict[str, Any]] = {
    "q": {"node": "u1", "nodes": ["u1", "p1", "u2"], "user": "u2", "users": [["u1", None], ["u2"]], "hits": ["p1", "u1"]},
    "u1": {"name": "Ada", "owner": "u2", "secret": "s1", "friend": "u2", "note": "n1", "boss": "u2", "page": "p1"},
    "u2": {"name": None, "owner": None, "secret": "s2", "friend": "u1", "note": None, "boss": "u2", "page": None},
    "p1": {"name": "Page", "owner": "u1", "text": "text", "rank": 3, "reader": "u1"},
}  # fmt: skip
TYPES = {"q": "Query", "u": "User", "p": "Page"}
FIELDS = {
    "Query": {"node": "Node", "nodes": "Node", "user": "User", "users": "User", "hits": "Hit"},
    "Node": {"id": None, "name": None, "owner": "User"},
    "User": {"id": None, "name": None, "secret": None, "note": None, "owner": "User", "friend": "User", "boss": "User", "page": "Page"},
    "Page": {"id": None, "name": None, "text": None, "rank": None, "owner": "User", "reader": "User"},
    "Hit": {},
}  # fmt: skip
ELEMENTS = [
    *(f"{name}.{field}" for name, fields in FIELDS.items() for field in fields),
    "User",
    "Page",
    "Node",
    "Text",
]
COMPOSED = compose([Subgraph(name="a", sdl=LINK + A), Subgraph(name="b", sdl=LINK + B)]).supergraph_sdl
USES_ALL = "{all: hits @include(if: $x) @skip(if: $y) {...FUser ...FPage ...FNode}"
CONDITIONS = ("", "", "", " @include(if: $x)", " @skip(if: $x)", " @skip(if: $y)", " @include(if: $y)")


def guard(element: str) -> Guard:
    return Guard("policy", (frozenset({element}),))


def guarded() -> Supergraph:
    """The supergraph with a guard of its own on every element."""
    assert COMPOSED is not None
    supergraph = Supergraph.from_sdl(COMPOSED)
    of_types = {name: frozenset({guard(name)}) for name in ELEMENTS if "." not in name}
    of_fields = {
        (name.partition(".")[0], name.partition(".")[2]): frozenset({guard(name)})
        for name in ELEMENTS
        if "." in name
    }
    supergraph.authorization = Authorization(supergraph.types, of_types, of_fields)
    return supergraph


SUPERGRAPH = guarded()
SCHEMA = SUPERGRAPH.api_schema
PLANNER = Planner(SUPERGRAPH)


@st.composite
def selection_sets(draw: Any, type_name: str, spreads: tuple[str, ...], depth: int) -> str:
    possible = {"Node": ["User", "Page", "Node"], "Hit": ["User", "Page", "Node"]}.get(type_name, [type_name])
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        condition = draw(st.sampled_from(CONDITIONS))
        choice = draw(st.integers(0, 9))
        if choice == 9 and depth:
            other = draw(st.sampled_from(possible))
            inner = draw(selection_sets(other, spreads, depth - 1))
            parts.append(f"... on {other}{condition} {inner}")
        elif choice == 8 and (names := [name for name in spreads if name[1:] in possible]):
            parts.append(f"...{draw(st.sampled_from(names))}{condition}")
        elif names := [name for name, below in FIELDS[type_name].items() if depth or not below]:
            name = draw(st.sampled_from(names))
            below = FIELDS[type_name][name]
            alias = draw(st.sampled_from(["", "", "", f"x_{name}: "]))
            inner = f" {draw(selection_sets(below, spreads, depth - 1))}" if below else ""
            parts.append(f"{alias}{name}{condition}{inner}")
        else:
            parts.append("__typename")
    return "{" + " ".join(parts) + "}"


@st.composite
def operations(draw: Any) -> str:
    fragments = ""
    spreads: tuple[str, ...] = ()
    for type_name in ("User", "Page", "Node"):
        fragments += f" fragment F{type_name} on {type_name} {draw(selection_sets(type_name, spreads, 1))}"
        spreads += (f"F{type_name}",)
    selections = draw(selection_sets("Query", spreads, 3))[1:]
    return f"query ($x: Boolean!, $y: Boolean!) {USES_ALL} {selections}{fragments}"


class Node(NamedTuple):
    """A field as it is selected on `parent`."""

    field: FieldNode
    parent: str


class Oracle:
    """Executes an operation on the objects, by the letter; where nothing but refused fields gives a value, it is null."""

    def __init__(self, document: Any, refused: frozenset[str], variables: Mapping[str, bool]) -> None:
        self._fragments = {node.name.value: node for node in document.definitions[1:]}
        self._root = document.definitions[0].selection_set
        self._refused = refused
        self._variables = variables

    def data(self) -> Any:
        return self._object("q", [(self._root, "Query")])

    def paths(self) -> set[tuple[str, ...]]:
        return set(self._paths((), [(self._root, "Query")]))

    def is_refused(self, node: Node) -> bool:
        return is_refused(self._refused, node.parent, node.field.name.value)

    def _paths(self, path: tuple[str, ...], sets: list[tuple[SelectionSetNode, str]]) -> Any:
        for key, nodes in self._collect(sets, None).items():
            for node in nodes:
                if self.is_refused(node):
                    yield (*path, key)
                elif node.field.selection_set:
                    declared = SCHEMA.type_map[node.parent].fields[node.field.name.value].type  # type: ignore[attr-defined]
                    inner = [(node.field.selection_set, get_named_type(declared).name)]
                    yield from self._paths((*path, key, "@") if "[" in str(declared) else (*path, key), inner)

    def _collect(
        self, sets: list[tuple[SelectionSetNode, str]], runtime: str | None
    ) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for selection_set, parent in sets:
            for selection in selection_set.selections:
                if not all(self._holds(directive) for directive in selection.directives or ()):
                    continue
                if isinstance(selection, FieldNode):
                    key = (selection.alias or selection.name).value
                    found.setdefault(key, []).append(Node(selection, parent))
                    continue
                fragment: Any = selection
                if isinstance(selection, FragmentSpreadNode):
                    fragment = self._fragments[selection.name.value]
                type_name = fragment.type_condition.name.value
                if runtime is None or type_name in (runtime, *ABSTRACT.get(runtime, ())):
                    for key, nodes in self._collect([(fragment.selection_set, type_name)], runtime).items():
                        found.setdefault(key, []).extend(nodes)
        return found

    def _holds(self, directive: Any) -> bool:
        value = self._variables[directive.arguments[0].value.name.value]
        return value is (directive.name.value == "include")

    def _object(self, name: str, sets: list[tuple[SelectionSetNode, str]]) -> Any:
        runtime = TYPES[name[0]]
        answer: dict[str, Any] = {}
        for key, nodes in self._collect(sets, runtime).items():
            field = nodes[0].field.name.value
            if field == "__typename":
                answer[key] = runtime
                continue
            declared: Any = SCHEMA.type_map[runtime].fields[field].type  # type: ignore[attr-defined]
            allowed = [node for node in nodes if not self.is_refused(node)]
            value = {"id": name, **OBJECTS[name]}[field] if allowed else None
            answer[key] = self._value(declared, value, allowed)
            if answer[key] is None and is_non_null_type(declared):
                return None
        return answer

    def _value(self, declared: Any, value: Any, nodes: list[Node]) -> Any:
        if value is None:
            return None
        nullable = declared.of_type if is_non_null_type(declared) else declared
        if is_list_type(nullable):
            items = [self._value(nullable.of_type, item, nodes) for item in value]
            return None if is_non_null_type(nullable.of_type) and None in items else items
        if is_leaf_type(nullable):
            return value
        return self._object(
            value,
            [(node.field.selection_set, declared_type(node)) for node in nodes if node.field.selection_set],
        )


ABSTRACT = {"User": ("Node", "Hit"), "Page": ("Node", "Hit")}


def declared_type(node: Node) -> str:
    return str(FIELDS[node.parent][node.field.name.value])


def is_refused(refused: frozenset[str], parent: str, field: str) -> bool:
    if field == "__typename":
        return False
    types = [parent, *(name for name, above in ABSTRACT.items() if parent in above)]
    result = FIELDS[parent][field] or ("Text" if field == "text" else None)
    return any(name in refused or f"{name}.{field}" in refused for name in types) or result in refused


class Monitor:
    """A subgraph's answers, and which fields it was asked for."""

    def __init__(self, sdl: str) -> None:
        base = sdl if "type Query" in sdl else "type Query { _: Int }" + sdl
        self._schema: GraphQLSchema = build_schema(base.replace("@key", "@key__") + ENTITIES + KEY)
        self.asked: set[tuple[str, str]] = set()

    def answer(self, request: dict[str, Any]) -> Any:
        document = parse(request["query"])
        result = execute_sync(
            self._schema,
            document,
            "q",
            variable_values=request.get("variables"),
            field_resolver=self._resolve,
            type_resolver=lambda value, *_: TYPES[value[0]],
        )
        assert not result.errors
        return {"data": result.data}

    def _resolve(self, source: str, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [each["id"] for each in arguments["representations"]]
        self.asked.add((info.parent_type.name, info.field_name))
        return source if info.field_name == "id" else OBJECTS[source][info.field_name]


KEY = "directive @key__(fields: String!) repeatable on OBJECT"


@example(
    f"query ($x: Boolean!, $y: Boolean!) {USES_ALL} node {{owner {{id}} ... on User {{owner {{name}}}}}}}}"
    " fragment FUser on User {id} fragment FPage on Page {id} fragment FNode on Node {id}",
    frozenset({"Page.owner"}),
    {"x": False, "y": False},
)
@settings(max_examples=100, deadline=None)
@given(
    operations(),
    st.frozensets(st.sampled_from(ELEMENTS), max_size=4),
    st.fixed_dictionaries({"x": st.booleans(), "y": st.booleans()}),
)
def test_the_answer_is_that_of_resolvers_that_refuse(
    text: str, refused: frozenset[str], variables: dict[str, bool]
) -> None:
    document = parse(text)
    refusal = Refusal(frozenset(map(guard, refused)))
    plan = PLANNER.plan(document, refusal=refusal)
    subgraphs = {"a": Monitor(A), "b": Monitor(B)}
    transports = {name: FakeSubgraph(monitor.answer) for name, monitor in subgraphs.items()}
    compiled = compile_plan(plan, SimpleNamespace(api_schema=SCHEMA))  # type: ignore[arg-type]
    context = RequestContext(transports=transports, headers=lambda _: ())
    coerced = coerce_variables(plan.operation, SCHEMA, variables)
    result = asyncio.run(compiled.execute(coerced, context))

    oracle = Oracle(document, refused, variables)
    assert (result.data, result.errors) == (oracle.data(), [])
    told = {
        found.path
        for found in plan.refused
        if any(all(variables[name] is wanted for name, wanted in each) for each in found.conditions)
    }
    assert told == oracle.paths()
    asked = {each for monitor in subgraphs.values() for each in monitor.asked if each[1] != "id"}
    assert not {each for each in asked if is_refused(refused, *each)}
