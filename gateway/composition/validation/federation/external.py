"""`@external` marks a field that something in the subgraph needs; never a field of an interface."""

from gateway.composition.ingest.federation import all_fields
from gateway.composition.model.schema import Kind
from gateway.composition.validation.report import SubgraphReport


def check_external_use(report: SubgraphReport) -> None:
    fields = report.subgraph.fields
    for field in all_fields(report.schema):
        if report.schema.types[field.parent].kind is Kind.INTERFACE:
            if field.has("external"):
                message = (
                    f'Interface type field "{field.coordinate}" is marked @external but @external is not allowed on interface'
                    " fields (it is nonsensical)."
                )
                report.error("EXTERNAL_ON_INTERFACE", message, field.coordinate, field.location)
        elif fields.is_external(field) and field.coordinate not in fields.used:
            message = (
                f'Field "{field.coordinate}" is marked @external but is not used in any federation directive (@key, @provides,'
                " @requires) or to satisfy an interface; the field declaration has no use and should be removed (or the"
                " field should not be @external)."
            )
            report.error("EXTERNAL_UNUSED", message, field.coordinate, field.location)
