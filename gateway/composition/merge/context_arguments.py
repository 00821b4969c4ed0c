"""Reads `@fromContext`: which arguments of a field the router fills from an enclosing `@context`."""

from typing import Any

from gateway.composition.ingest.subgraph import SubgraphSchema
from gateway.composition.model.context_value import parse_context_value
from gateway.composition.model.schema import Field


def context_arguments(subgraph: SubgraphSchema, field: Field) -> list[dict[str, Any]]:
    """The `join__ContextArgument` values of a field in one subgraph."""
    values = (
        (argument, parse_context_value(application.arguments.get("field")))
        for argument in field.arguments.values()
        for application in argument.applied("fromContext")
    )
    return [
        {
            "context": f"{subgraph.name}__{value.context}",
            "name": argument.name,
            "type": argument.type,
            "selection": value.selection,
        }
        for argument, value in values
        if value is not None
    ]
