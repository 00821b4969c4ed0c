"""`@cost` and `@listSize` (https://ibm.github.io/graphql-specs/cost-spec.html) say something that can be counted."""

from typing import Any

from gateway.composition.ingest.federation import all_fields
from gateway.composition.model.schema import Field, Kind
from gateway.composition.model.typeref import is_list, named_type, nullable
from gateway.composition.validation.report import SubgraphReport


def check_cost(report: SubgraphReport) -> None:
    """Report COST_APPLIED_TO_INTERFACE_FIELD."""
    for interface in report.schema.of_kind(Kind.INTERFACE):
        for field in interface.fields.values():
            if field.has("cost"):
                message = f'@cost cannot be applied to interface "{field.coordinate}"'
                report.error("COST_APPLIED_TO_INTERFACE_FIELD", message, field.coordinate, field.location)


def check_list_size(report: SubgraphReport) -> None:
    """Report LIST_SIZE_APPLIED_TO_NON_LIST, LIST_SIZE_INVALID_ASSUMED_SIZE, _SIZED_FIELD and _SLICING_ARGUMENT."""
    for field in all_fields(report.schema):
        for application in field.applied("listSize"):
            _check(report, field, application.arguments)


def _check(report: SubgraphReport, field: Field, arguments: dict[str, Any]) -> None:
    assumed = arguments.get("assumedSize")
    if isinstance(assumed, int) and assumed < 0:
        message = f'Assumed size of "{field.coordinate}" cannot be negative'
        report.error("LIST_SIZE_INVALID_ASSUMED_SIZE", message, field.coordinate, field.location)
    sized = _names(arguments.get("sizedFields"))
    if not sized and not is_list(field.type):
        report.error(
            "LIST_SIZE_APPLIED_TO_NON_LIST",
            f'"{field.coordinate}" is not a list',
            field.coordinate,
            field.location,
        )
    for name in _names(arguments.get("slicingArguments")):
        _check_slicing(report, field, name)
    _check_sized(report, field, sized)


def _names(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _check_slicing(report: SubgraphReport, field: Field, name: str) -> None:
    argument = field.arguments.get(name)
    code = "LIST_SIZE_INVALID_SLICING_ARGUMENT"
    if argument is None:
        message = f'Slicing argument "{name}" is not an argument of "{field.coordinate}"'
        report.error(code, message, field.coordinate, field.location)
    elif nullable(argument.type) != "Int":
        message = f'Slicing argument "{argument.coordinate}" must be Int or Int!'
        report.error(code, message, argument.coordinate, argument.location)


def _check_sized(report: SubgraphReport, field: Field, sized: list[str]) -> None:
    owner = report.schema.types[named_type(field.type)]
    code = "LIST_SIZE_INVALID_SIZED_FIELD"
    if sized and (owner.kind not in {Kind.OBJECT, Kind.INTERFACE} or is_list(field.type)):
        message = f'Sized fields cannot be used because "{field.type}" is not a composite type'
        report.error(code, message, field.coordinate, field.location)
        return
    for name in sized:
        found = owner.fields.get(name)
        if found is None:
            message = f'Sized field "{name}" is not a field on type "{owner.name}"'
            report.error(code, message, field.coordinate, field.location)
        elif not is_list(found.type):
            message = f'Sized field "{found.coordinate}" is not a list'
            report.error("LIST_SIZE_APPLIED_TO_NON_LIST", message, field.coordinate, field.location)
