"""Merges directive definitions: executable ones by what all subgraphs agree on, composed ones from their specification.

Type-system directives that no `@composeDirective` names stay in their subgraph.
"""

from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.inputs import ARGUMENT, merge_input_value
from gateway.composition.model.schema import DirectiveDefinition

EXECUTABLE_LOCATIONS = (
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
)


def merge_executable_directives(context: MergeContext) -> None:
    names = sorted({name for each in context.subgraphs for name in each.schema.directives})
    for name in names:
        sources = [
            (index, each.schema.directives[name])
            for index, each in enumerate(context.subgraphs)
            if name in each.schema.directives
        ]
        if any(each.core or each.built_in for _, each in sources) or name in context.composed:
            continue
        if any(set(each.locations) & set(EXECUTABLE_LOCATIONS) for _, each in sources):
            _merge(context, name, sources)


def _merge(context: MergeContext, name: str, sources: Sources[DirectiveDefinition]) -> None:
    places = [each.location for _, each in sources]
    if len(sources) < len(context.subgraphs):
        message = f'Executable directive "@{name}" will not be part of the supergraph: it is not defined in all subgraphs.'
        context.diagnostics.hint(
            "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE", "WARN", message, f"@{name}", places
        )
        return
    shared = set(EXECUTABLE_LOCATIONS).intersection(*(each.locations for _, each in sources))
    if not shared:
        message = f'Executable directive "@{name}" will not be part of the supergraph: its locations have nothing in common.'
        context.diagnostics.hint("NO_EXECUTABLE_DIRECTIVE_INTERSECTION", "WARN", message, f"@{name}", places)
        return
    first = sources[0][1]
    if any(set(each.locations) & set(EXECUTABLE_LOCATIONS) != shared for _, each in sources):
        message = f'Executable directive "@{name}" has inconsistent locations; the supergraph has {", ".join(sorted(shared))}.'
        context.diagnostics.hint(
            "INCONSISTENT_EXECUTABLE_DIRECTIVE_LOCATIONS", "WARN", message, f"@{name}", places
        )
    repeatable = {each.repeatable for _, each in sources}
    if len(repeatable) > 1:
        message = f'Executable directive "@{name}" is repeatable in some subgraphs only; it is not in the supergraph.'
        context.diagnostics.hint(
            "INCONSISTENT_EXECUTABLE_DIRECTIVE_REPEATABLE", "WARN", message, f"@{name}", places
        )
    target = DirectiveDefinition(
        name=name,
        description=next((each.description for _, each in sources if each.description), None),
        locations=tuple(each for each in first.locations if each in shared),
        repeatable=repeatable == {True},
    )
    _merge_arguments(context, sources, target)
    context.supergraph.directives[name] = target


def _merge_arguments(
    context: MergeContext, sources: Sources[DirectiveDefinition], target: DirectiveDefinition
) -> None:
    for name in dict.fromkeys(name for _, each in sources for name in each.arguments):
        found = [(index, each.arguments[name]) for index, each in sources if name in each.arguments]
        if len(found) == len(sources):
            target.arguments[name] = merge_input_value(context, found, ARGUMENT)[0]
        elif any(each.required for _, each in found):
            coordinate = f"@{target.name}({name}:)"
            message = (
                f'Argument "{coordinate}" is required in some subgraphs but does not appear in all subgraphs:'
                " declare it everywhere or make it optional."
            )
            elements = [each for _, each in found]
            context.error("REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH", message, coordinate, elements)
