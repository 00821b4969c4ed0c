"""Emits `@join__field`: which subgraphs resolve a field, and how (https://specs.apollo.dev/join).

A field that every subgraph with its type resolves plainly, of one type, needs none.
"""

from typing import Any

from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.context_arguments import context_arguments
from gateway.composition.merge.overrides import Overrides
from gateway.composition.model.schema import Application, Field, InputValue, Type

# An override of a subgraph that does not exist changes nothing; of one that does, it always shows in another join.
_SAYS_NOTHING = frozenset(("graph", "override"))


def join_fields(
    context: MergeContext,
    owners: Sources[Type],
    sources: Sources[Field],
    overrides: Overrides,
    *,
    same_type: bool,
) -> list[Application]:
    """The `@join__field` applications of one field; `owners` are all definitions of its type."""
    joins = []
    for index, field in sources:
        if index not in overrides.unused:
            arguments = _arguments(context, index, field, overrides, same_type=same_type)
            joins.append(Application("join__field", arguments))
    everywhere = len(joins) == len(owners) and same_type
    return [] if everywhere and all(each.arguments.keys() <= _SAYS_NOTHING for each in joins) else joins


def _arguments(
    context: MergeContext, index: int, field: Field, overrides: Overrides, *, same_type: bool
) -> dict[str, Any]:
    subgraph = context.subgraphs[index]
    contextual = context_arguments(subgraph, field)
    given: dict[str, Any] = {
        "graph": context.graphs[index],
        "requires": _field_set(field, "requires"),
        "provides": _field_set(field, "provides"),
        "override": overrides.sources.get(index),
        "type": None if same_type else field.type,
        "external": True if subgraph.fields.is_external(field) else None,
        "usedOverridden": True if index in overrides.used else None,
        "overrideLabel": overrides.labels.get(index),
        "contextArguments": contextual or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _field_set(field: Field, directive: str) -> Any:
    applied = field.applied(directive)
    return applied[0].arguments.get("fields") if applied else None


def join_input_fields(
    context: MergeContext, sources: Sources[InputValue], *, same_type: bool
) -> list[Application]:
    """An input field is in every subgraph with its type, so that only differing types need saying."""
    if same_type:
        return []
    return [
        Application("join__field", {"graph": context.graphs[index], "type": each.type})
        for index, each in sources
    ]
