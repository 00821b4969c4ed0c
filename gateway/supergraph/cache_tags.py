"""What a supergraph says about the tags of cached answers: each subgraph's `@cacheTag(format:)`, in `@join__directive`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from graphql import (
    DirectiveNode,
    DocumentNode,
    InterfaceTypeDefinitionNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    ObjectValueNode,
)

from gateway.supergraph.directives import applied, argument_values, text_of
from gateway.supergraph.links import Links

CacheTags = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Formats by `join__Graph` value and coordinate: `Type` or `Type.field`."""

_NAME = "federation__cacheTag"


def read_cache_tags(document: DocumentNode, links: Links) -> CacheTags:
    """The formats that the definitions of a supergraph document have."""
    join_directive = links.directive("join", "directive")
    found: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)

    def read(coordinate: str, directives: Iterable[DirectiveNode] | None) -> None:
        for directive in applied(directives, join_directive):
            for graph, format_ in _read(directive):
                found[graph][coordinate] = (*found[graph].get(coordinate, ()), format_)

    for node in document.definitions:
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            read(node.name.value, node.directives)
            for field in node.fields or ():
                read(f"{node.name.value}.{field.name.value}", field.directives)
    return dict(found)


def _read(directive: DirectiveNode) -> list[tuple[str, str]]:
    arguments = argument_values(directive)
    graphs, own = arguments.get("graphs"), arguments.get("args")
    if text_of(arguments.get("name")) != _NAME or not isinstance(own, ObjectValueNode):
        return []
    format_ = next((text_of(field.value) for field in own.fields if field.name.value == "format"), None)
    named = [text_of(graph) for graph in graphs.values] if isinstance(graphs, ListValueNode) else []
    return [(graph, format_) for graph in named if graph and format_]
