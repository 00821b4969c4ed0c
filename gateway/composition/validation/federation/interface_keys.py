"""A key of an interface must be a key of every type that implements it (INTERFACE_KEY_NOT_ON_IMPLEMENTATION)."""

from gateway.composition.model.field_set import Selection, read_field_set
from gateway.composition.model.schema import Kind, Type
from gateway.composition.validation.report import SubgraphReport


def check_interface_keys(report: SubgraphReport) -> None:
    """Report INTERFACE_KEY_NOT_ON_IMPLEMENTATION."""
    for interface in report.schema.of_kind(Kind.INTERFACE):
        for key in interface.applied("key"):
            fields = normalized(key.arguments.get("fields"))
            for implementation in report.schema.implementations(interface.name) if fields else ():
                if not _has_key(
                    implementation, fields, resolvable=bool(key.arguments.get("resolvable", True))
                ):
                    message = (
                        f'Key @{key.name}(fields: "{key.arguments["fields"]}") on interface type "{interface.name}" is missing'
                        f' on implementation type "{implementation.name}".'
                    )
                    code = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION"
                    report.error(code, message, implementation.name, key.location, implementation.location)


def _has_key(implementation: Type, fields: frozenset[Selection], *, resolvable: bool) -> bool:
    return any(
        normalized(key.arguments.get("fields")) == fields
        and bool(key.arguments.get("resolvable", True)) >= resolvable
        for key in implementation.applied("key")
    )


def normalized(text: object) -> frozenset[Selection]:
    """A field set for comparison, whatever the order of its fields; empty where it does not parse."""
    return frozenset(map(_sorted, read_field_set(text)))


def _sorted(selection: Selection) -> Selection:
    return selection._replace(selections=tuple(sorted(map(_sorted, selection.selections), key=repr)))
