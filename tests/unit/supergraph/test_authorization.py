"""Which guards a field is behind, where it is selected on one type or another."""

from collections.abc import Callable

import pytest

from gateway.supergraph import Supergraph
from gateway.supergraph.authorization import Authorization, Guard

LINKS = "".join(
    f'@link(url: "https://specs.apollo.dev/{name}/v0.1", for: SECURITY) '
    for name in ("authenticated", "requiresScopes", "policy")
)
SIGNED_IN = Guard("authenticated")


def scopes(*alternatives: str) -> Guard:
    return Guard("requiresScopes", tuple(frozenset(each.split()) for each in alternatives))


@pytest.fixture
def authorization(supergraph_sdl: Callable[..., str]) -> Callable[[str], Authorization]:
    return lambda types: Supergraph.from_sdl(supergraph_sdl(types, links=LINKS)).authorization


def test_a_supergraph_without_guards_has_none(authorization: Callable[[str], Authorization]) -> None:
    assert not authorization("type Query { a: Int }")


def test_the_guards_of_a_field_are_its_own_its_types_and_its_objects(
    authorization: Callable[[str], Authorization],
) -> None:
    found = authorization("""
      type Query { me: User @requiresScopes(scopes: [["a", "b"], ["c"]]) other: Int }
      type User @authenticated { name: String card: Card @policy(policies: [["p"]]) mood: Mood }
      type Card @requiresScopes(scopes: [["card"]]) { number: Int }
      enum Mood @requiresScopes(scopes: [["mood"]]) { GOOD }
    """)
    policy = Guard("policy", (frozenset({"p"}),))
    assert found
    assert found.guards("Query", "me") == {SIGNED_IN, scopes("a b", "c")}
    assert found.guards("Query", "other") == set()
    assert found.guards("User", "name") == {SIGNED_IN}
    assert found.guards("User", "card") == {SIGNED_IN, policy, scopes("card")}
    assert found.guards("User", "mood") == {SIGNED_IN, scopes("mood")}
    assert found.guards("User", "__typename") == set()
    assert found.guards("User", "nothing") == found.guards("Nobody", "nothing") == set()


ABSTRACT = """
  type Query { posts: [Post!]! hits: [Hit] }
  interface Post %s { id: ID! title: String @requiresScopes(scopes: [["i"]]) }
  type Open implements Post { id: ID! title: String }
  type Private implements Post @authenticated { id: ID! title: String @requiresScopes(scopes: [["t"]]) }
  union Hit = Open | Private
"""


def test_a_field_of_an_interface_is_behind_the_guards_of_all_that_it_may_be(
    authorization: Callable[[str], Authorization],
) -> None:
    found = authorization(ABSTRACT % "")
    assert found.guards("Query", "posts") == found.guards("Query", "hits") == set()
    assert found.guards("Post", "id") == {SIGNED_IN}
    assert found.guards("Post", "title") == {SIGNED_IN, scopes("i"), scopes("t")}
    assert found.guards("Open", "title") == set()
    assert found.guards("Private", "title") == {SIGNED_IN, scopes("t")}


@pytest.mark.parametrize(
    ("applied", "at_entry"),
    [
        ("@authenticated", set()),  # as composition gives it to the interface of a guarded type
        ('@requiresScopes(scopes: [["x"]])', {scopes("x")}),
    ],
)
def test_an_interface_has_a_guard_of_its_own_only_where_its_types_do_not_imply_it(
    authorization: Callable[[str], Authorization], applied: str, at_entry: set[Guard]
) -> None:
    assert authorization(ABSTRACT % applied).guards("Query", "posts") == at_entry


def test_scopes_are_implied_by_what_all_types_ask_for_together(
    authorization: Callable[[str], Authorization],
) -> None:
    types = """
      type Query {{ node: Node }}
      interface Node @requiresScopes(scopes: {node}) {{ id: ID }}
      type A implements Node @requiresScopes(scopes: [["a"], ["x"]]) {{ id: ID }}
      type B implements Node @requiresScopes(scopes: [["b"]]) {{ id: ID }}
    """
    assert not authorization(types.format(node='[["a", "b"], ["b", "x"]]')).guards("Query", "node")
    assert not authorization(types.format(node='[["b"]]')).guards("Query", "node")
    assert authorization(types.format(node='[["a", "b"]]')).guards("Query", "node") == {scopes("a b")}


def test_directives_have_the_names_that_they_are_linked_by(supergraph_sdl: Callable[..., str]) -> None:
    link = '@link(url: "https://specs.apollo.dev/authenticated/v0.1", as: "auth", for: SECURITY)'
    sdl = supergraph_sdl("type Query { a: Int @auth b: Int @authenticated }", links=link)
    found = Supergraph.from_sdl(sdl).authorization
    assert found.guards("Query", "a") == {SIGNED_IN}
    assert not found.guards("Query", "b")
