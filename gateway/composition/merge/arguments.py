"""Merges the arguments of a field: those that every subgraph resolving the field declares.

An argument that only some declare is dropped with a hint, unless it is required there: then nothing could call it.
Contextual arguments (`@fromContext`) never reach clients.
"""

from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.inputs import ARGUMENT, merge_input_value
from gateway.composition.model.schema import Field, InputValue


def merge_arguments(context: MergeContext, sources: Sources[Field], target: Field) -> None:
    """Report REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH and CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS."""
    names = dict.fromkeys(name for _, each in sources for name in each.arguments)
    for name in names:
        found = [(index, each.arguments[name]) for index, each in sources if name in each.arguments]
        if any(each.has("fromContext") for _, each in found):
            _check_contextual(context, found)
        elif len(found) == len(sources):
            target.arguments[name] = merge_input_value(context, found, ARGUMENT)[0]
        else:
            _report_missing(context, found, sources)


def _check_contextual(context: MergeContext, found: Sources[InputValue]) -> None:
    code = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"
    for index, each in found:
        if each.has("fromContext"):
            continue
        if each.required:
            message = (
                f'Argument "{each.coordinate}" is contextual in some subgraph but required in subgraph'
                f' "{context.name(index)}": add @fromContext there, or make it optional.'
            )
            context.error(code, message, each.coordinate, [each])
        else:
            message = (
                f'Argument "{each.coordinate}" of subgraph "{context.name(index)}" will not be included in the supergraph since'
                " it is contextual in another subgraph."
            )
            context.diagnostics.hint(code, "INFO", message, each.coordinate, [each.location])


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
