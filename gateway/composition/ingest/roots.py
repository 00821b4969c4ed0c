"""Gives a subgraph's root types the names that they have in the supergraph: Query, Mutation, Subscription."""

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.model.schema import ROOT_NAMES, Schema
from gateway.composition.model.typeref import named_type, renamed


def normalize_roots(schema: Schema, diagnostics: Diagnostics) -> None:
    """Rename the roots in place; report ROOT_QUERY_USED and its like where the name is another type's."""
    for role, name in ROOT_NAMES.items():
        custom = schema.roots.get(role)
        taken = schema.types.get(name)
        if custom == name or (taken is None and custom is None):
            continue
        if taken is not None:
            _report_taken(schema, role, name, diagnostics)
        elif custom is not None and custom in schema.types:
            _rename(schema, custom, name)
            schema.roots[role] = name


def _report_taken(schema: Schema, role: str, name: str, diagnostics: Diagnostics) -> None:
    custom = schema.roots.get(role)
    instead = f' ("{custom}" is instead)' if custom else ""
    message = (
        f'[{schema.name}] The schema has a type named "{name}" but it is not set as the {role} root type{instead}: this is'
        " not supported by federation. If a root type does not use its default name, there should be no other type with"
        " that default name."
    )
    diagnostics.error(f"ROOT_{role.upper()}_USED", message, name, (schema.types[name].location,))


def _rename(schema: Schema, old: str, new: str) -> None:
    owner = schema.types.pop(old)
    owner.name = new
    schema.types[new] = owner
    for field in owner.fields.values():
        field.parent = new
        for argument in field.arguments.values():
            argument.coordinate = f"{new}.{field.name}({argument.name}:)"
    for each in schema.types.values():
        for field in each.fields.values():
            if named_type(field.type) == old:
                field.type = renamed(field.type, new)
        if old in each.members:
            each.members = {new if name == old else name: place for name, place in each.members.items()}
