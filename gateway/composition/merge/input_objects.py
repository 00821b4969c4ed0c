"""Merges input object types: the fields that every subgraph has; a field that only some require is an error."""

from gateway.composition.merge.applications import insert_joins
from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.inputs import INPUT_FIELD, merge_input_value
from gateway.composition.merge.join_field import join_input_fields
from gateway.composition.model.schema import InputValue, Type
from gateway.composition.model.typeref import is_non_null


def merge_input_object(context: MergeContext, sources: Sources[Type], target: Type) -> None:
    """Report REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH, and EMPTY_MERGED_INPUT_TYPE where nothing is left."""
    for name in dict.fromkeys(name for _, each in sources for name in each.inputs):
        found = [(index, each.inputs[name]) for index, each in sources if name in each.inputs]
        if len(found) < len(sources):
            _report_missing(context, found, sources)
            continue
        merged, same_type = merge_input_value(context, found, INPUT_FIELD)
        insert_joins(merged, join_input_fields(context, found, same_type=same_type))
        target.inputs[name] = merged
    _check_one_of(context, sources, target)
    if not target.inputs:
        message = (
            f'None of the fields of input object type "{target.name}" are consistently defined in all the subgraphs'
            " defining that type. As only fields common to all subgraphs are merged, this would result in an empty type."
        )
        context.error("EMPTY_MERGED_INPUT_TYPE", message, target.name, [each for _, each in sources])


def _check_one_of(context: MergeContext, sources: Sources[Type], target: Type) -> None:
    """A field that some subgraph requires cannot be one of several to choose from (GraphQL, section 3.10.1)."""
    one_of = [index for index, each in sources if each.has("oneOf")]
    for member in target.inputs.values() if one_of else ():
        if is_non_null(member.type):
            message = (
                f'Input field "{member.coordinate}" is required, but "{target.name}" is @oneOf in {context.names(one_of)}: make'
                " it nullable in every subgraph."
            )
            context.error("INVALID_GRAPHQL", message, member.coordinate, [member])


def _report_missing(context: MergeContext, found: Sources[InputValue], sources: Sources[Type]) -> None:
    having = {index for index, _ in found}
    missing = context.names([index for index, _ in sources if index not in having])
    coordinate = found[0][1].coordinate
    places = [each.location for _, each in found]
    required = [index for index, each in found if each.required]
    if required:
        message = (
            f'Input object field "{coordinate}" is required in some subgraphs but does not appear in all subgraphs: it is'
            f" required in {context.names(required)} but does not appear in {missing}"
        )
        code = "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH"
        context.diagnostics.error(code, message, coordinate, places)
        return
    message = f'Input object field "{coordinate}" is not in the supergraph: it is missing from {missing}.'
    context.diagnostics.hint("INCONSISTENT_INPUT_OBJECT_FIELD", "WARN", message, coordinate, places)
