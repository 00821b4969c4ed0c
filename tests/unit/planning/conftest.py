"""Plans over supergraphs of which a test shows only the types that it is about."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.planning import Planner, QueryPlan
from gateway.supergraph import Supergraph

HEAD = """
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY) {
  query: Query mutation: Mutation
}
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION
directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose) repeatable on SCHEMA
scalar join__FieldSet
scalar join__FieldValue
input join__ContextArgument { name: String! type: String! context: String! selection: join__FieldValue! }
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph {
  A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "") C @join__graph(name: "c", url: "")
}
"""
MUTATION = "type Mutation @join__type(graph: A) { nothing: Int @join__field(graph: A) }"

MakePlan = Callable[..., QueryPlan]


@pytest.fixture(scope="session")
def planner() -> Callable[[str], Planner]:
    def make(types: str) -> Planner:
        mutation = "" if "type Mutation" in types else MUTATION
        subscription = " subscription: Subscription" if "type Subscription" in types else ""
        head = HEAD.replace("mutation: Mutation", "mutation: Mutation" + subscription)
        return Planner(Supergraph.from_sdl(head + mutation + types))

    return make


@pytest.fixture
def plan(planner: Callable[[str], Planner]) -> MakePlan:
    def make(types: str, operation: str, *labels: str) -> QueryPlan:
        return planner(types).plan(operation, override_labels=frozenset(labels))

    return make


@pytest.fixture
def fetches(plan: MakePlan) -> Callable[..., list[str]]:
    """The requests of a plan, each as its subgraph and text, in order."""

    def make(types: str, operation: str, *labels: str) -> list[str]:
        found: list[str] = []

        def visit(node: Any) -> None:
            if node is None:
                return
            if document := getattr(node, "document", None):
                found.append(f"{node.subgraph}: {document}")
            for inner in getattr(node, "nodes", ()):
                visit(inner)
            for name in ("if_clause", "else_clause"):
                visit(getattr(node, name, None))

        visit(plan(types, operation, *labels).node)
        return found

    return make
