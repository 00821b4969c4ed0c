"""What a caller may not see is not asked for; where it stood in the answer is told."""

import pytest
from graphql import parse

from gateway.planning import OperationError, Planner, QueryPlan
from gateway.planning.authorization import guards_of
from gateway.planning.operation import choose_operation
from gateway.planning.refusal import Refusal, RefusedPath
from gateway.supergraph import Supergraph
from gateway.supergraph.authorization import Guard
from tests.unit.planning.conftest import HEAD, MUTATION

SIGNED_IN = Guard("authenticated")
LINK = '@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY) {'
TYPES = """
type Query @join__type(graph: A) @join__type(graph: B) {
  me: User @join__field(graph: A)
  users: [[User!]!] @join__field(graph: A)
  posts: [Post] @join__field(graph: A)
}
type User @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! @authenticated
  name: String @join__field(graph: A)
  mail: String @join__field(graph: B) @authenticated
  phone: String @join__field(graph: B)
}
interface Post @join__type(graph: A) { title: String }
type Open implements Post @join__type(graph: A) @join__implements(graph: A, interface: "Post") { title: String }
type Private implements Post @join__type(graph: A) @join__implements(graph: A, interface: "Post") @authenticated { title: String text: String }
"""
SUPERGRAPH = Supergraph.from_sdl(HEAD.replace("{", LINK, 1) + MUTATION + TYPES)


def refused(operation: str, *, withholds: bool = True) -> QueryPlan:
    return Planner(SUPERGRAPH).plan(operation, refusal=Refusal(frozenset({SIGNED_IN}), withholds))


def paths(operation: str) -> list[RefusedPath]:
    return list(refused(operation).refused)


def shown(plan: QueryPlan) -> str:
    return " ".join(str(plan).split())


def test_a_refused_field_is_not_asked_for_and_a_subgraph_that_has_nothing_else_is_not_asked() -> None:
    assert shown(refused("{me {name mail}}")) == (
        'QueryPlan { Fetch(service: "a") { { me { __typename name } } }, }'
    )


def test_keys_are_read_though_the_client_may_not_see_them() -> None:
    plan = shown(refused("{me {id phone}}"))
    assert "{ ... on User { __typename id } } =>" in plan
    assert "phone" in plan


def test_nothing_is_asked_where_all_is_refused() -> None:
    assert refused("{me {... on User @skip(if: true) {mail}}}").node is not None
    types = "type Query @join__type(graph: A) { a: Int @authenticated }"
    supergraph = Supergraph.from_sdl(HEAD.replace("{", LINK, 1) + MUTATION + types)
    plan = Planner(supergraph).plan("{a b: a}", refusal=Refusal(frozenset({SIGNED_IN})))
    assert plan.node is None
    assert [found.path for found in plan.refused] == [("a",), ("b",)]


def test_an_interfaces_field_is_asked_for_only_through_the_types_that_are_allowed() -> None:
    plan = refused("{posts {title ... on Open {title} ... on Private {title text}}}")
    assert "... on Open { title }" in shown(plan)
    assert "text" not in shown(plan)
    assert [found.path for found in plan.refused] == [("posts", "@", "title"), ("posts", "@", "text")]


def test_a_dry_run_tells_of_fields_and_asks_for_them() -> None:
    plan = refused("{me {mail}}", withholds=False)
    assert [found.path for found in plan.refused] == [("me", "mail")]
    assert "mail" in shown(plan)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("{me {name}}", []),
        ("{me {x: mail y: mail}}", [(("me", "x"), [()]), (("me", "y"), [()])]),
        ("{users {mail}}", [(("users", "@", "mail"), [()])]),
        ("{me {mail} me {mail ...F}} fragment F on User {mail}", [(("me", "mail"), [()])]),
        (
            (
                "query ($a: Boolean!, $b: Boolean!) {me @include(if: $a) {mail @skip(if: $b)} ...F @include(if: $b)}"
                " fragment F on Query {me {mail}}"
            ),
            [(("me", "mail"), [(("a", True), ("b", False)), (("b", True),)])],
        ),
        ("query ($a: Boolean!) {me @skip(if: $a) {mail @include(if: $a)}}", []),
        ("{me {mail @include(if: false)}}", []),
    ],
)
def test_a_path_is_told_once_with_the_conditions_under_which_it_is_asked_for(
    operation: str, expected: list[object]
) -> None:
    assert [(found.path, list(found.conditions)) for found in paths(operation)] == expected


def test_fragments_that_multiply_are_refused_in_time() -> None:
    supergraph = Supergraph.from_sdl(
        HEAD.replace("{", LINK, 1)
        + MUTATION
        + "type Query @join__type(graph: A) { q: Query a: Int @authenticated }"
    )
    levels = " ".join(
        f"fragment F{n} on Query {{x: q {{...F{n + 1}}} y: q {{...F{n + 1}}}}}" for n in range(20)
    )
    with pytest.raises(OperationError) as caught:
        Planner(supergraph).plan(
            f"{{...F0}} {levels} fragment F20 on Query {{a}}", refusal=Refusal(frozenset({SIGNED_IN}))
        )
    assert caught.value.code == "QUERY_PLAN_COMPLEXITY_EXCEEDED"


@pytest.mark.parametrize(
    ("document", "guarded"),
    [
        ("{me {name}}", False),
        ("{me {mail}}", True),
        ("{me {...F}} fragment F on User {... {mail}}", True),
        ("{me {name}} fragment F on User {mail}", False),
        ("{me {...F}} fragment F on User {name ...F}", False),
        ("{nobody {mail} me {...G}} fragment F on Nobody {mail}", False),
        ("{__schema {types {name}} __typename}", False),
    ],
)
def test_the_guards_of_an_operation_are_those_of_what_it_selects(document: str, guarded: bool) -> None:  # noqa: FBT001
    node = parse(document)
    found = guards_of(SUPERGRAPH.authorization, "Query", node, choose_operation(node, None))
    assert found == ({SIGNED_IN} if guarded else set())
