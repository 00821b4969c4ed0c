"""The API schema: what clients see, which is the supergraph without inaccessible elements and core machinery."""

from gateway.composition.merge.directives import EXECUTABLE_LOCATIONS
from gateway.composition.model.schema import (
    Application,
    DirectiveDefinition,
    Element,
    EnumValue,
    Field,
    InputValue,
    Schema,
    Type,
)

_KEPT = frozenset(("deprecated", "specifiedBy", "oneOf"))


def api_schema(supergraph: Schema) -> Schema:
    """A new schema with what clients may use; the supergraph stays as it is."""
    api = Schema(name="", description=supergraph.description, roots=dict(supergraph.roots))
    hidden = {
        each.name for each in supergraph.types.values() if each.has("inaccessible")
    } | supergraph.machinery
    for each in supergraph.types.values():
        if each.name not in hidden:
            api.types[each.name] = _visible_type(each, hidden)
    api.roots = {role: name for role, name in api.roots.items() if name in api.types}
    for directive in supergraph.directives.values():
        if (
            directive.coordinate not in supergraph.machinery
            and directive.core is None
            and set(directive.locations) & set(EXECUTABLE_LOCATIONS)
        ):
            api.directives[directive.name] = _visible_directive(directive)
    return api


def _visible_type(each: Type, hidden: set[str]) -> Type:
    return Type(
        name=each.name,
        kind=each.kind,
        description=each.description,
        applications=_standard(each),
        fields={
            field.name: _visible_field(field)
            for field in each.fields.values()
            if not field.has("inaccessible")
        },
        inputs=_visible_inputs(each.inputs),
        values={value.name: _value(value) for value in each.values.values() if not value.has("inaccessible")},
        members={name: None for name in each.members if name not in hidden},
        interfaces={name: None for name in each.interfaces if name not in hidden},
    )


def _standard(each: Element) -> list[Application]:
    return [application for application in each.applications if application.core in _KEPT]


def _value(each: EnumValue) -> EnumValue:
    return EnumValue(
        name=each.name, coordinate=each.coordinate, description=each.description, applications=_standard(each)
    )


def _visible_field(each: Field) -> Field:
    return Field(
        name=each.name,
        parent=each.parent,
        type=each.type,
        description=each.description,
        applications=_standard(each),
        arguments=_visible_inputs(each.arguments),
    )


def _visible_inputs(inputs: dict[str, InputValue]) -> dict[str, InputValue]:
    return {
        each.name: InputValue(
            name=each.name,
            coordinate=each.coordinate,
            type=each.type,
            default=each.default,
            description=each.description,
            applications=_standard(each),
        )
        for each in inputs.values()
        if not each.has("inaccessible")
    }


def _visible_directive(each: DirectiveDefinition) -> DirectiveDefinition:
    return DirectiveDefinition(
        name=each.name,
        description=each.description,
        arguments=_visible_inputs(each.arguments),
        locations=tuple(place for place in each.locations if place in EXECUTABLE_LOCATIONS),
        repeatable=each.repeatable,
    )
