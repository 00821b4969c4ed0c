"""Hints about `@composeDirective`: what will stand in the way of the next subgraph that composes a directive."""

from collections.abc import Sequence

from gateway.composition.ingest.link import Link
from gateway.composition.ingest.specifications import APOLLO
from gateway.composition.merge.context import MergeContext, Sources


def hint_at_versions(context: MergeContext) -> None:
    """Hint at specifications of which subgraphs link different major versions, whether or not one composes them."""
    linked: dict[str, Sources[Link]] = {}
    for index, subgraph in enumerate(context.subgraphs):
        for identity, link in subgraph.links.by_identity.items():
            if not identity.startswith(f"{APOLLO}/"):
                linked.setdefault(identity, []).append((index, link))
    for identity, links in linked.items():
        if len({link.version[0] for _, link in links}) > 1:
            message = (
                f'Specification "{identity}" is linked in different major versions:'
                " its directives can be composed only from one."
            )
            places = [link.location for _, link in links]
            context.diagnostics.hint("DIRECTIVE_COMPOSITION_INFO", "INFO", message, "schema", places)


def hint_at_names(context: MergeContext, composed: Sequence[tuple[str, str, str]]) -> None:
    """Hint at subgraphs that import a composed directive under another name; `composed` has
    the specification, the name there and the name here.
    """
    for identity, specified, local in composed:
        for subgraph in context.subgraphs:
            other = subgraph.links.by_identity.get(identity)
            name = other.imports.get(f"@{specified}", f"@{local}") if other is not None else f"@{local}"
            if other is not None and name != f"@{local}":
                message = (
                    f'Composed directive "@{local}" is named "{name}" in subgraph "{subgraph.name}", which does not compose it:'
                    " to do so, it must import it under the same name."
                )
                code = "DIRECTIVE_COMPOSITION_WARN"
                context.diagnostics.hint(code, "WARN", message, f"@{local}", [other.location])
