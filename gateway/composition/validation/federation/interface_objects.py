"""`@interfaceObject` is for entities, as the router jumps to it by a key."""

from gateway.composition.model.schema import Kind
from gateway.composition.validation.report import SubgraphReport


def check_interface_objects(report: SubgraphReport) -> None:
    """Report INTERFACE_OBJECT_USAGE_ERROR."""
    for each in report.schema.of_kind(Kind.OBJECT):
        if each.is_interface_object and not each.has("key"):
            message = (
                f'The @interfaceObject directive can only be applied to entity types but type "{each.name}" has no @key in'
                " this subgraph."
            )
            report.error("INTERFACE_OBJECT_USAGE_ERROR", message, each.name, each.location)
