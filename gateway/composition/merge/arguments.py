"""Merges the arguments of a field: those that every subgraph resolving the field declares.

An argument that only some declare is dropped with a hint, unless it is required there: then nothing could call it.
Contextual arguments (`@fromContext`) never reach clients.
"""

from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.inputs import ARGUMENT, merge_input_value
from gateway.composition.model.schema import Field, InputValue


def merge_arguments(context: MergeContext, sources: Sources[Field], target: Field) -> None:
    names = dict.fromkeys(name for _, each in sources for name in each.arguments)
    for name in names:
        found = [(index, each.arguments[name]) for index, each in sources if name in each.arguments]
        if any(each.has("fromContext") for _, each in found):
            _check_contextual(context, found, len(sources))
        elif len(found) == len(sources):
            target.arguments[name] = merge_input_value(context, found, ARGUMENT)[0]
        else:
            _report_missing(context, found, sources)


def _check_contextual(context: MergeContext, found: Sources[InputValue], declared: int) -> None:
    others = [(index, each) for index, each in found if not each.has("fromContext")]
    coordinate = found[0][1].coordinate
    for index, each in others:
        level = "error" if each.required else "hint"
        message = (
            f'Argument "{coordinate}" is contextual in some subgraph but not in subgraph "{context.name(index)}":'
            " add @fromContext there, or make it optional."
        )
        if level == "error":
            context.error("CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS", message, coordinate, [each])
    if not others and len(found) < declared:
        context.diagnostics.hint(
            "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS",
            "INFO",
            f'Contextual argument "{coordinate}" is not declared in all subgraphs.',
            coordinate,
            [each.location for _, each in found],
        )


def _report_missing(context: MergeContext, found: Sources[InputValue], sources: Sources[Field]) -> None:
    coordinate = found[0][1].coordinate
    having = {index for index, _ in found}
    missing = [index for index, _ in sources if index not in having]
    required = [index for index, each in found if each.required]
    if required:
        message = (
            f'Argument "{coordinate}" is required in some subgraphs but does not appear in all subgraphs: it is required'
            f" in {context.names(required)} but does not appear in {context.names(missing)}"
        )
        elements = [each for _, each in found]
        context.error("REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH", message, coordinate, elements)
        return
    context.diagnostics.hint(
        "INCONSISTENT_ARGUMENT_PRESENCE",
        "WARN",
        f'Optional argument "{coordinate}" will not be included in the supergraph as it does not appear in all subgraphs:'
        f" it is missing from {context.names(missing)}.",
        coordinate,
        [each.location for _, each in found],
    )
