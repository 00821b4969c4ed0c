"""`@shareable` is for fields of object types: an interface resolves nothing."""

from gateway.composition.model.schema import Kind
from gateway.composition.validation.report import SubgraphReport


def check_shareable_placement(report: SubgraphReport) -> None:
    """Report INVALID_SHAREABLE_USAGE."""
    for interface in report.schema.of_kind(Kind.INTERFACE):
        for field in interface.fields.values():
            if field.has("shareable"):
                message = (
                    f'Invalid use of @shareable on field "{field.coordinate}": only object type fields can be marked with'
                    " @shareable"
                )
                report.error("INVALID_SHAREABLE_USAGE", message, field.coordinate, field.location)
