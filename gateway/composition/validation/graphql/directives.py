"""Every applied directive is defined, allowed where it stands, and given the arguments it takes."""

from collections.abc import Iterator
from difflib import get_close_matches

from gateway.composition.ingest.specifications import FEDERATION_VERSIONS, federation_directives
from gateway.composition.model.coercion import fits
from gateway.composition.model.schema import Application, DirectiveDefinition, Element, Kind, Schema, Type
from gateway.composition.model.value import print_value
from gateway.composition.validation.report import SubgraphReport

_LOCATIONS = {
    Kind.SCALAR: "SCALAR",
    Kind.OBJECT: "OBJECT",
    Kind.INTERFACE: "INTERFACE",
    Kind.UNION: "UNION",
    Kind.ENUM: "ENUM",
    Kind.INPUT: "INPUT_OBJECT",
}


def check_directives(report: SubgraphReport) -> None:
    for element, coordinate, location in applicable(report.schema):
        seen: set[str] = set()
        for application in element.applications:
            definition = report.schema.directives.get(application.name)
            if definition is None:
                report.invalid(_unknown(report, application.name), coordinate, application.location)
                continue
            if application.name in seen and not definition.repeatable:
                message = f'The directive "@{application.name}" can only be used once at this location.'
                report.invalid(message, coordinate, application.location)
            seen.add(application.name)
            for problem in misuses(report.schema, application, definition, location, coordinate):
                report.invalid(problem, coordinate, application.location)


def misuses(
    schema: Schema, application: Application, definition: DirectiveDefinition, location: str, coordinate: str
) -> Iterator[str]:
    """What is wrong with an application, seen from the definition of its directive."""
    if location not in definition.locations:
        yield f'Directive "@{application.name}" may not be used on {location}.'
    for name, value in application.arguments.items():
        argument = definition.arguments.get(name)
        if argument is None:
            yield f'Unknown argument "{name}" on directive "@{application.name}".'
        elif not fits(schema, value, argument.type):
            yield (
                f'Invalid value for "{argument.coordinate}" of type "{argument.type}" in application of'
                f' "@{application.name}" to "{coordinate}": {print_value(value)} does not fit.'
            )
    for name, argument in definition.arguments.items():
        if argument.required and name not in application.arguments:
            yield (
                f'Directive "@{application.name}" argument "{name}" of type "{argument.type}" is required, but it was not'
                " provided."
            )


def applicable(schema: Schema) -> Iterator[tuple[Element, str, str]]:
    """Every element that has directives, with its coordinate and its directive location."""
    if schema.applications:
        yield schema, "schema", "SCHEMA"
    for each in schema.types.values():
        if each.applications:
            yield each, each.name, _LOCATIONS[each.kind]
        for value in each.values.values():
            yield value, value.coordinate, "ENUM_VALUE"
        for member in each.inputs.values():
            yield member, member.coordinate, "INPUT_FIELD_DEFINITION"
        yield from _applicable_fields(each)
    for definition in schema.directives.values():
        for argument in definition.arguments.values():
            if argument.applications:
                yield argument, argument.coordinate, "ARGUMENT_DEFINITION"


def _applicable_fields(owner: Type) -> Iterator[tuple[Element, str, str]]:
    for field in owner.fields.values():
        yield field, field.coordinate, "FIELD_DEFINITION"
        for argument in field.arguments.values():
            yield argument, argument.coordinate, "ARGUMENT_DEFINITION"


def _unknown(report: SubgraphReport, name: str) -> str:
    """Why a directive may be unknown: most often it is one of federation that the schema does not import."""
    links = report.subgraph.links
    text = f'Unknown directive "@{name}".'
    if links.federation is None and name in federation_directives(FEDERATION_VERSIONS[-1]):
        return (
            f'{text} If you meant the "@{name}" federation 2 directive, note that this schema is a federation 1 schema. To'
            " be a federation 2 schema, it needs to @link to the federation specification v2."
        )
    if links.federation is not None and name in federation_directives(links.federation.version):
        return (
            f'{text} If you meant the "@{name}" federation directive, you should use fully-qualified name'
            f' "@{links.federation.directive(name)}" or add "@{name}" to the `import` argument of the @link to the'
            " federation specification."
        )
    close = get_close_matches(name, report.schema.directives, n=1)
    return f'{text} Did you mean "@{close[0]}"?' if close else text
