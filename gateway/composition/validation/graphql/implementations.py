"""A type has all that its interfaces ask for (GraphQL, section 3.6, type validation)."""

from gateway.composition.model.schema import Field, Type
from gateway.composition.model.subtyping import is_subtype
from gateway.composition.validation.report import SubgraphReport


def check_implementations(report: SubgraphReport) -> None:
    for each in report.schema.types.values():
        for name in each.interfaces:
            interface = report.schema.types.get(name)
            if interface is not None:
                _check(report, each, interface)


def _check(report: SubgraphReport, each: Type, interface: Type) -> None:
    for inherited in interface.interfaces:
        if inherited not in each.interfaces and inherited != each.name:
            message = (
                f"Type {each.name} must implement {inherited} because it is implemented by {interface.name}."
            )
            report.invalid(message, each.name, each.location)
    if each.name == interface.name or each.name in interface.interfaces:
        message = f"Type {each.name} cannot implement {interface.name} because it would create a circular reference."
        report.invalid(message, each.name, each.location)
    for expected in interface.fields.values():
        found = each.fields.get(expected.name)
        if found is None:
            message = f"Interface field {expected.coordinate} expected but {each.name} does not provide it."
            report.invalid(message, f"{each.name}.{expected.name}", each.location, expected.location)
        else:
            _check_field(report, found, expected)


def _check_field(report: SubgraphReport, found: Field, expected: Field) -> None:
    if not is_subtype(report.schema, found.type, expected.type):
        message = (
            f"Interface field {expected.coordinate} expects type {expected.type} but {found.coordinate} of type"
            f" {found.type} is not a proper subtype."
        )
        report.invalid(message, found.coordinate, found.location, expected.location)
    for name, argument in expected.arguments.items():
        given = found.arguments.get(name)
        if given is None:
            message = f"Interface field argument {argument.coordinate} expected but {found.coordinate} does not provide it."
            report.invalid(message, found.coordinate, found.location, argument.location)
        elif given.type != argument.type:
            message = (
                f"Interface field argument {argument.coordinate} expects type {argument.type} but"
                f" {given.coordinate} is type {given.type}."
            )
            report.invalid(message, given.coordinate, given.location, argument.location)
    for name, argument in found.arguments.items():
        if name not in expected.arguments and argument.required:
            message = (
                f"Field {found.coordinate} includes required argument {name} that is missing from the Interface field"
                f" {expected.coordinate}."
            )
            report.invalid(message, argument.coordinate, argument.location)
