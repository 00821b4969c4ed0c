"""`@external` marks a field that something in the subgraph needs; never a field of an interface.

A subgraph resolves what it provides through, so that such a field is not external.
"""

from gateway.composition.ingest.federation import all_fields
from gateway.composition.model.schema import Kind
from gateway.composition.validation.report import SubgraphReport


def check_external_use(report: SubgraphReport) -> None:
    """Report EXTERNAL_ON_INTERFACE, EXTERNAL_UNUSED, EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE."""
    fields = report.subgraph.fields
    for field in all_fields(report.schema):
        if field.has("external") and field.has("provides"):
            message = f'Cannot have both @provides and @external on field "{field.coordinate}": keep the one that is meant.'
            report.error(
                "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE", message, field.coordinate, field.location
            )
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
