"""Authorization directives stand on what is resolved: never on interfaces, their fields, or interface objects.

A field that an interface object adds is resolved by it, so that it may be guarded.
"""

from gateway.composition.ingest.specifications import AUTHORIZATION
from gateway.composition.model.schema import Element, Kind
from gateway.composition.validation.report import SubgraphReport


def check_auth_placement(report: SubgraphReport) -> None:
    """Report AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE."""
    for each in report.schema.of_kind(Kind.OBJECT, Kind.INTERFACE):
        if each.kind is Kind.INTERFACE or each.is_interface_object:
            _check(report, each, each.name, "interface object" if each.is_interface_object else "interface")
            for field in each.fields.values() if each.kind is Kind.INTERFACE else ():
                _check(report, field, field.coordinate, "field")


def check_requirements(report: SubgraphReport) -> None:
    """Scopes and policies are names: strings, in lists of lists."""
    for element in report.schema.elements():
        for application in element.applications:
            if application.core not in AUTHORIZATION:
                continue
            for name, value in application.arguments.items():
                if not all(isinstance(item, str) for alternative in value for item in alternative):
                    message = (
                        f"Invalid value for @{application.name}({name}:): it must list lists of strings."
                    )
                    report.invalid(message, None, application.location)


def _check(report: SubgraphReport, element: Element, coordinate: str, what: str) -> None:
    for application in element.applications:
        if application.core in AUTHORIZATION:
            message = (
                f'Invalid use of @{application.name} on {what} "{coordinate}": @{application.name} cannot be applied on'
                " interfaces, interface fields and interface objects"
            )
            report.error("AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE", message, coordinate, application.location)
