"""Merges enum types by how they are used: as input the values that all subgraphs have, as output those that any has.

An enum used as both must have the same values everywhere.
"""

from typing import NamedTuple

from gateway.composition.merge.applications import insert_joins, merge_applications
from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.model.schema import Application, EnumValue, Type
from gateway.composition.model.typeref import named_type


class EnumUse(NamedTuple):
    """An example of where an enum is used as input and as output; None where it is not."""

    as_input: str | None = None
    as_output: str | None = None


def enum_uses(context: MergeContext) -> dict[str, EnumUse]:
    """Where each type is used, over all subgraphs and the directives that reach the supergraph."""
    inputs: dict[str, str] = {}
    outputs: dict[str, str] = {}
    for definition in context.supergraph.directives.values():
        for argument in definition.arguments.values():
            inputs.setdefault(named_type(argument.type), argument.coordinate)
    for subgraph in context.subgraphs:
        for owner in subgraph.schema.types.values():
            for field in owner.fields.values():
                outputs.setdefault(named_type(field.type), field.coordinate)
                for argument in field.arguments.values():
                    inputs.setdefault(named_type(argument.type), argument.coordinate)
            for member in owner.inputs.values():
                inputs.setdefault(named_type(member.type), member.coordinate)
    return {name: EnumUse(inputs.get(name), outputs.get(name)) for name in inputs.keys() | outputs.keys()}


def merge_enum(context: MergeContext, sources: Sources[Type], target: Type, use: EnumUse) -> None:
    """Report ENUM_VALUE_MISMATCH, and EMPTY_MERGED_ENUM_TYPE where nothing is left."""
    for name in dict.fromkeys(name for _, each in sources for name in each.values):
        found = [(index, each.values[name]) for index, each in sources if name in each.values]
        if len(found) < len(sources) and not _keep_partial(context, found, sources, use):
            continue
        value = EnumValue(name=name, coordinate=f"{target.name}.{name}", location=found[0][1].location)
        merge_description(context, found, value, value.coordinate)
        merge_applications(context, found, value, value.coordinate)
        insert_joins(
            value, [Application("join__enumValue", {"graph": context.graphs[index]}) for index, _ in found]
        )
        target.values[name] = value
    if not (use.as_input or use.as_output):
        message = f'Enum type "{target.name}" is defined but unused: all values of all subgraphs are kept.'
        context.diagnostics.hint("UNUSED_ENUM_TYPE", "DEBUG", message, target.name)
    if not target.values:
        message = (
            f'None of the values of enum type "{target.name}" are defined consistently in all the subgraphs defining that'
            " type. As only values common to all subgraphs are merged, this would result in an empty type."
        )
        context.error("EMPTY_MERGED_ENUM_TYPE", message, target.name, [each for _, each in sources])


def _keep_partial(
    context: MergeContext, found: Sources[EnumValue], sources: Sources[Type], use: EnumUse
) -> bool:
    """Whether a value that some subgraphs lack stays, with the error or hint that this deserves."""
    having = {index for index, _ in found}
    missing = context.names([index for index, _ in sources if index not in having])
    name, coordinate = found[0][1].name, found[0][1].coordinate
    places = [each.location for _, each in found]
    if any(each.has("inaccessible") for _, each in found):
        return True
    if use.as_input and use.as_output:
        message = (
            f'Enum type "{sources[0][1].name}" is used as both input type (for example, as type of "{use.as_input}") and'
            f' output type (for example, as type of "{use.as_output}"), but value "{name}" is not defined in all the'
            f' subgraphs defining "{sources[0][1].name}": it is missing from {missing}.'
        )
        context.diagnostics.error("ENUM_VALUE_MISMATCH", message, coordinate, places)
        return True
    if use.as_input:
        message = f'Value "{name}" of enum type "{sources[0][1].name}" is not in the supergraph: it is missing from {missing}.'
        context.diagnostics.hint(
            "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM", "WARN", message, coordinate, places
        )
        return False
    message = (
        f'Value "{name}" of enum type "{sources[0][1].name}" is in the supergraph but missing from {missing}.'
    )
    context.diagnostics.hint("INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM", "DEBUG", message, coordinate, places)
    return True
