"""Every type that is named exists, and is of a kind that may stand there."""

from collections.abc import Iterable

from gateway.composition.model.schema import Field, InputValue, Kind, Type
from gateway.composition.model.typeref import named_type
from gateway.composition.result import SourceLocation
from gateway.composition.validation.report import SubgraphReport

_OUTPUT = frozenset((Kind.SCALAR, Kind.OBJECT, Kind.INTERFACE, Kind.UNION, Kind.ENUM))
_INPUT = frozenset((Kind.SCALAR, Kind.ENUM, Kind.INPUT))


def check_references(report: SubgraphReport) -> None:
    for each in report.schema.types.values():
        for field in each.fields.values():
            _check(report, field, _OUTPUT, "Output Type")
            _check_inputs(report, field.arguments.values())
        _check_inputs(report, each.inputs.values())
        for member, place in each.members.items():
            _check_name(report, each, member, Kind.OBJECT, place)
        for interface, place in each.interfaces.items():
            _check_name(report, each, interface, Kind.INTERFACE, place)
    for definition in report.schema.directives.values():
        if definition.location is not None:
            _check_inputs(report, definition.arguments.values())
    for role, name in report.schema.roots.items():
        found = report.schema.types.get(name)
        if found is None:
            report.invalid(
                f'Unknown type "{name}", named as the {role} root type.', "schema", report.schema.location
            )
        elif found.kind is not Kind.OBJECT:
            report.invalid(
                f'The {role} root type must be an object type, but "{name}" is not.', name, found.location
            )


def _check_inputs(report: SubgraphReport, inputs: Iterable[InputValue]) -> None:
    for each in inputs:
        _check(report, each, _INPUT, "Input Type")


def _check(
    report: SubgraphReport, element: Field | InputValue, kinds: frozenset[Kind], expected: str
) -> None:
    name = named_type(element.type)
    found = report.schema.types.get(name)
    if found is None:
        report.invalid(f"Unknown type {name}", element.coordinate, element.location)
    elif found.kind not in kinds:
        kind = str(found.kind).replace(" ", "")
        message = f'The type of "{element.coordinate}" must be {expected} but got "{element.type}", a {kind}.'
        report.invalid(message, element.coordinate, element.location)


def _check_name(
    report: SubgraphReport, owner: Type, name: str, kind: Kind, place: SourceLocation | None
) -> None:
    found = report.schema.types.get(name)
    if found is None:
        report.invalid(f"Unknown type {name}", owner.name, place)
    elif found.kind is not kind:
        verb = "implement non-interface" if kind is Kind.INTERFACE else "include in the union non-object"
        report.invalid(
            f"Cannot {verb} type {name} (of type {str(found.kind).replace(' ', '')})", owner.name, place
        )
