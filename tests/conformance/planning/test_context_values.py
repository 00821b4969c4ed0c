"""Values of contexts (@context, @fromContext) are those of the nearest object above, in random operations.

The mock's contextual fields answer with the value that they were sent. One schema over the same data finds it by
the objects that an answer went through.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any, TypeAlias

from graphql import GraphQLObjectType, GraphQLSchema

from gateway.composition import Subgraph, compose
from tests.conformance.planning.differential import Comparison, Share

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", '
    'import: ["@key", "@shareable", "@external", "@context", "@fromContext"])\n'
)
SUBGRAPHS = {
    "a": LINK
    + """
    type Query @context(name: "near") @context(name: "far") {
      prop: String setting: String t: T ts: [[T]] n: N ns: [N!] m: M ms: [M] v: V w: W
    }
    interface N @context(name: "near") { id: ID! prop: String u: U }
    interface M { u: U m: M }
    union W = T | Z
    type T @key(fields: "id") @context(name: "near") @context(name: "far") {
      id: ID! prop: String us(x: Int): [U!] u: U v: V ext: String @external
    }
    type X implements N & M @key(fields: "id") { id: ID! prop: String u: U m: M }
    type Y implements N @key(fields: "id") { id: ID! prop: String u: U us: [U] }
    type Z implements M @key(fields: "id") { id: ID! u: U m: M t: T }
    type V { u: U z: Z }
    type U @key(fields: "id") {
      id: ID! plain: String t: T
      near(a: String @fromContext(field: "$near { prop }")): String
      far(a: String @fromContext(field: "$far ... on Query { setting } ... on T { ext }")): String
      both(x: Int, a: String @fromContext(field: "$near { prop }"), b: String @fromContext(field: "$far ... on Query { setting } ... on T { ext }")): String
      next(a: String @fromContext(field: "$near { prop }")): U
    }
    """,
    "b": LINK
    + """
    type Query { bt: T bus: [U] }
    type T @key(fields: "id") { id: ID! ext: String bus: [[U!]] }
    type U @key(fields: "id") { id: ID! other: String z: Z bt: T }
    type Z @key(fields: "id") { id: ID! name: String }
    """,
}
NEAR = dict.fromkeys(("Query", "T", "X", "Y"), "prop")
FAR = {"Query": "setting", "T": "ext"}
CONTEXTUAL = {"near": {"a": NEAR}, "far": {"a": FAR}, "both": {"a": NEAR, "b": FAR}}
"""The contextual fields of U that show their arguments: what each reads, by the type that sets the context."""

Contexts: TypeAlias = dict[str, dict[str, str]]
ROOT = {"t": "Query", "n": 0, "above": None}

OPERATIONS = 30
SEED = 8


def context_model(mockgraph: ModuleType) -> type[Any]:
    """The mock's model with contextual fields that show what they are sent."""

    class ContextModel(mockgraph.Model):  # type: ignore[misc,name-defined]  # a file, and no package
        def _wire(self, schema: GraphQLSchema, subgraph: Any = None) -> None:
            super()._wire(schema, subgraph)
            wrap = _showing if subgraph else partial(_finding, self)
            for type_ in schema.type_map.values():
                if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("_"):
                    for name, field in type_.fields.items():
                        contexts = CONTEXTUAL.get(name, {}) if type_.name == "U" else {}
                        field.resolve = wrap(contexts, field.resolve)

    return ContextModel


def _showing(contexts: Contexts, resolve: Any) -> Any:
    """A resolver of a subgraph, which is sent the values."""

    def shown(source: Any, info: Any, **arguments: Any) -> Any:
        value = resolve(source, info, **arguments)
        return (
            value if value is None or not contexts else f"{value} {[arguments.get(key) for key in contexts]}"
        )

    return shown


def _finding(model: Any, contexts: Contexts, resolve: Any) -> Any:
    """A resolver of the one schema, which looks for the values."""

    def shown(source: Any, info: Any, **arguments: Any) -> Any:
        value = resolve(source, info, **arguments)
        _note_above(value, source or ROOT)
        if value is None or not contexts:
            return value
        return f"{value} {[_read(model, source['above'], by_type) for by_type in contexts.values()]}"

    return shown


def _read(model: Any, above: Any, by_type: dict[str, str]) -> Any:
    while above["t"] not in by_type:
        above = above["above"]
    return model.mono_value(above["t"], above["n"], by_type[above["t"]], {})


def _note_above(value: Any, source: Any) -> None:
    if isinstance(value, dict):
        value["above"] = source
    for element in value if isinstance(value, list) else ():
        _note_above(element, source)


def small_operations(mockgraph: ModuleType) -> Callable[..., Iterator[dict[str, Any]]]:
    """Random operations without variables."""

    def generate(api: str, count: int, seed: int, *, mutations: bool) -> Iterator[dict[str, Any]]:
        del mutations
        for operation in mockgraph.gen_ops(api, count, seed, depth=4, width=3):
            text = re.sub(r" @(skip|include)\(if: \$\w+\)|(?<=Op)(\d+)\(.*?\)", r"\2", operation["query"])
            yield {"query": text, "variables": {}}

    return generate


async def test_contextual_fields_are_sent_the_value_of_the_nearest_object_above(
    mockgraph: ModuleType,
) -> None:
    composed = compose(Subgraph(name=name, sdl=sdl) for name, sdl in SUBGRAPHS.items())
    assert composed.supergraph_sdl is not None, composed
    mock = SimpleNamespace(gen_ops=small_operations(mockgraph), Model=context_model(mockgraph))
    subgraphs = [{"name": name, "sdl": sdl} for name, sdl in SUBGRAPHS.items()]
    comparison = Comparison(mock, subgraphs, composed.supergraph_sdl)
    assert not await comparison.differences(Share(OPERATIONS, SEED))
