"""What federation says of a subgraph's fields: which are external, which may be shared, which are provided."""

from collections.abc import Iterator
from functools import cached_property

from gateway.composition.model.context_value import parse_context_value
from gateway.composition.model.field_set import selected_fields, with_implementations
from gateway.composition.model.schema import Application, Field, Kind, Schema, Type
from gateway.composition.model.typeref import named_type


class FederationFields:
    """The coordinates of a subgraph's fields that are external, provided or shareable.

    A key field marked `@external` in a type extension is not external: federation 1 required that mark.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.provided = frozenset(field.coordinate for field in self._provided_fields())
        self._key_fields = frozenset(field.coordinate for field in self._fields_of_keys())
        fake = frozenset(self._fake_externals())
        self.marked_external = frozenset(
            field.coordinate for field in all_fields(schema) if field.has("external")
        )
        self.external = (self.marked_external - fake) | frozenset(self._external_by_type())
        self.shareable = self._key_fields | self.provided | frozenset(self._marked_shareable())

    def is_external(self, field: Field) -> bool:
        return field.coordinate in self.external

    def is_fully_external(self, field: Field) -> bool:
        """External, and not provided by any path in the subgraph."""
        return field.coordinate in self.external and field.coordinate not in self.provided

    @cached_property
    def used(self) -> frozenset[str]:
        """The fields that a `@key`, `@requires`, `@provides`, `@fromContext` or an interface needs in the subgraph."""
        return (
            self._key_fields | self.provided | frozenset(self._required()) | frozenset(self._of_interfaces())
        )

    def _required(self) -> Iterator[str]:
        for field in all_fields(self._schema):
            for application in field.applied("requires"):
                selected = selected_fields(self._schema, field.parent, application.arguments.get("fields"))
                yield from (each.coordinate for each in with_implementations(self._schema, selected))
            if any(argument.has("fromContext") for argument in field.arguments.values()):
                yield from self._in_contexts(field)

    def _in_contexts(self, field: Field) -> Iterator[str]:
        for argument in field.arguments.values():
            for application in argument.applied("fromContext"):
                value = parse_context_value(application.arguments.get("field"))
                if value is None:
                    continue
                for owner in self._schema.types.values():
                    if any(each.arguments.get("name") == value.context for each in owner.applied("context")):
                        selected = selected_fields(self._schema, owner.name, value.selection)
                        yield from (each.coordinate for each in with_implementations(self._schema, selected))

    def _of_interfaces(self) -> Iterator[str]:
        for owner in self._schema.of_kind(Kind.OBJECT):
            for interface in owner.interfaces:
                found = self._schema.types.get(interface)
                yield from (f"{owner.name}.{name}" for name in (found.fields if found else ()))

    def _provided_fields(self) -> Iterator[Field]:
        for field in all_fields(self._schema):
            for application in field.applied("provides"):
                selected = selected_fields(
                    self._schema, named_type(field.type), application.arguments.get("fields")
                )
                yield from with_implementations(self._schema, selected)

    def _fields_of_keys(self) -> Iterator[Field]:
        for owner, application in keys(self._schema):
            selected = selected_fields(self._schema, owner.name, application.arguments.get("fields"))
            yield from with_implementations(self._schema, selected)

    def _fake_externals(self) -> Iterator[str]:
        for owner, application in keys(self._schema):
            if application.extension or owner.has("extends"):
                for each in selected_fields(self._schema, owner.name, application.arguments.get("fields")):
                    yield each.field.coordinate

    def _external_by_type(self) -> Iterator[str]:
        for owner in self._schema.of_kind(Kind.OBJECT):
            if owner.has("external"):
                yield from (field.coordinate for field in owner.fields.values())

    def _marked_shareable(self) -> Iterator[str]:
        for owner in self._schema.of_kind(Kind.OBJECT):
            parts = {application.extension for application in owner.applied("shareable")}
            for field in owner.fields.values():
                if field.extension in parts or field.has("shareable"):
                    yield field.coordinate


def keys(schema: Schema) -> Iterator[tuple[Type, Application]]:
    """Every `@key` of the schema, with the type it is on."""
    for owner in schema.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for application in owner.applied("key"):
            yield owner, application


def all_fields(schema: Schema) -> Iterator[Field]:
    """Every field of every object and interface type."""
    for owner in schema.of_kind(Kind.OBJECT, Kind.INTERFACE):
        yield from owner.fields.values()
