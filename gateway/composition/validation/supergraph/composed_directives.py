"""Composed directives keep to the one definition that the supergraph has of them.

Subgraphs may define a directive differently; the newest definition wins, and it may not allow what an older one did.
"""

from gateway.composition.merge.context import MergeContext
from gateway.composition.validation.graphql.directives import applicable, misuses


def check_composed_directives(context: MergeContext) -> None:
    """Report DIRECTIVE_COMPOSITION_ERROR."""
    if not context.composed:
        return
    supergraph = context.supergraph
    for element, coordinate, location in applicable(supergraph):
        for application in element.applications:
            if application.name in context.composed:
                definition = supergraph.directives[application.name]
                for problem in misuses(supergraph, application, definition, location, coordinate):
                    message = f"{problem} The composed definition is that of the newest version: use it in every subgraph."
                    context.error("DIRECTIVE_COMPOSITION_ERROR", message, coordinate, [element])
