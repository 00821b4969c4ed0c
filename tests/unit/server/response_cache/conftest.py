"""A graph whose answers have tags."""

import pytest

from gateway.composition import Subgraph, compose
from gateway.server.response_cache.tags import Tagging
from gateway.supergraph import Supergraph

SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@cacheTag", "@shareable"])
type Query {
  node(id: ID!, lang: Lang = EN, by: By): Node @cacheTag(format: "node-{$args.id}-{$args.lang}") @cacheTag(format: "nodes")
  by(by: By): Node @cacheTag(format: "by-{$args.by.number}")
}
enum Lang { EN DE }
input By { number: Int }
interface Named { name: String }
type Node implements Named @key(fields: "id") @key(fields: "org { id } number") @cacheTag(format: "org-{$key.id}") {
  id: ID! name: String org: Org number: Int
}
type Org @shareable { id: ID! }
"""
OTHER = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@cacheTag"])
type Node @key(fields: "id") @cacheTag(format: "other-{$key.id}") { id: ID! size: Int }
"""


@pytest.fixture(scope="module")
def graph() -> Supergraph:
    result = compose([Subgraph(name="nodes", sdl=SDL), Subgraph(name="other", sdl=OTHER)])
    assert result.supergraph_sdl is not None, result.errors
    return Supergraph.from_sdl(result.supergraph_sdl)


@pytest.fixture(scope="module")
def nodes(graph: Supergraph) -> Tagging:
    return Tagging(graph, "nodes")
