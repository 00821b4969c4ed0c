"""Hints: what composes and may not be meant."""

from collections.abc import Callable

from gateway.composition import CompositionResult, Subgraph, compose

Compose = Callable[..., CompositionResult]


def test_a_plain_supergraph_has_no_hints(composed: Compose) -> None:
    assert composed(a="type Query { a: Int }", b="type Query { b: Int }").hints == ()


def test_merged_guards_of_an_interface_object_are_hinted_at(composed: Compose) -> None:
    result = composed(
        a='type Query { i: I } interface I @key(fields: "id") { id: ID! x: Int }'
        ' type T implements I @key(fields: "id") { id: ID! x: Int @shareable @requiresScopes(scopes: [["b"]]) }',
        b='type I @interfaceObject @key(fields: "id") { id: ID! x: Int @shareable @requiresScopes(scopes: [["a"]]) }',
    )
    found = {
        hint.coordinate for hint in result.hints if hint.code == "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"
    }
    assert found == {"I.x", "T.x"}
    assert result.supergraph_sdl is not None
    assert result.supergraph_sdl.count('@requiresScopes(scopes: [["a", "b"]])') == 2


def test_a_version_that_links_imply_is_that_of_the_supergraph() -> None:
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3")'
        ' @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost"])\ntype Query { a: Int @cost(weight: 2) }'
    )
    result = compose([Subgraph(name="a", sdl=sdl)])
    assert "from federation v2.3 to v2.9" in result.hints[0].message
    assert "https://specs.apollo.dev/join/v0.5" in str(result.supergraph_sdl)


def test_different_major_versions_of_a_specification_are_hinted_at(composed: Compose) -> None:
    sdl = 'extend schema @link(url: "https://example.com/mine/v{}.0")\ntype Query {{ {}: Int }}'
    result = composed(a=sdl.format(1, "a"), b=sdl.format(2, "b"))
    assert [hint.code for hint in result.hints] == ["DIRECTIVE_COMPOSITION_INFO"]
