"""Default values fit the types of their arguments and input fields."""

from collections.abc import Iterable

from graphql.pyutils import Undefined

from gateway.composition.model.coercion import fits
from gateway.composition.model.schema import InputValue
from gateway.composition.model.value import print_value
from gateway.composition.validation.report import SubgraphReport


def check_default_values(report: SubgraphReport) -> None:
    for each in report.schema.types.values():
        _check(report, each.inputs.values(), "input field")
        for field in each.fields.values():
            _check(report, field.arguments.values(), "argument")
    for definition in report.schema.directives.values():
        _check(report, definition.arguments.values(), "argument")


def _check(report: SubgraphReport, inputs: Iterable[InputValue], what: str) -> None:
    for each in inputs:
        if each.default is not Undefined and not fits(report.schema, each.default, each.type):
            message = (
                f"Invalid default value (got: {print_value(each.default)}) provided for {what} {each.coordinate} of type"
                f" {each.type}."
            )
            report.invalid(message, each.coordinate, each.location)
