"""Removes what federation 1 tolerated and federation 2 refuses: `@external` fields that nothing uses.

`@provides` and `@requires` that name no external field are inactive and go first.
"""

from graphql import GraphQLSyntaxError

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.ingest.federation import all_fields
from gateway.composition.ingest.subgraph import SubgraphSchema
from gateway.composition.model.field_set import (
    FragmentSelection,
    Selection,
    parse_field_set,
    print_selections,
)
from gateway.composition.model.schema import Field, Kind, Schema
from gateway.composition.model.typeref import named_type


def remove_unused_externals(subgraph: SubgraphSchema, diagnostics: Diagnostics) -> None:
    """Remove them in place; a type in use with no other fields is an error (TYPE_WITH_ONLY_UNUSED_EXTERNAL)."""
    for field in list(all_fields(subgraph.schema)):
        _drop_inactive(subgraph, field, "provides", named_type(field.type))
        _drop_inactive(subgraph, field, "requires", field.parent)
    subgraph.refresh()
    schema = subgraph.schema
    for owner in list(schema.of_kind(Kind.OBJECT)):
        unused = [
            name
            for name, field in owner.fields.items()
            if subgraph.fields.is_external(field) and field.coordinate not in subgraph.fields.used
        ]
        for name in unused:
            del owner.fields[name]
        if not unused or owner.fields or owner.name == "Query":
            continue
        if owner.name not in _referenced(schema):
            del schema.types[owner.name]
        else:
            message = (
                f"[{subgraph.name}] Type {owner.name} contains only external fields and all those fields are all unused (they do"
                " not appear in any @key, @provides or @requires): remove the type, or what makes its fields external."
            )
            diagnostics.error("TYPE_WITH_ONLY_UNUSED_EXTERNAL", message, owner.name, [owner.location])


def _referenced(schema: Schema) -> set[str]:
    """The types that a field, a union or the schema itself names."""
    names = {named_type(field.type) for field in all_fields(schema)} | set(schema.roots.values())
    return names.union(*(each.members for each in schema.of_kind(Kind.UNION)))


def _drop_inactive(subgraph: SubgraphSchema, field: Field, directive: str, parent: str) -> None:
    for application in field.applied(directive):
        text = application.arguments.get("fields")
        try:
            selections = parse_field_set(text) if isinstance(text, str) else ()
        except (GraphQLSyntaxError, RecursionError):
            continue
        kept = _active(subgraph, parent, selections)
        if not kept:
            field.remove(directive)
        elif kept != selections:
            application.arguments["fields"] = print_selections(kept)


def _active(
    subgraph: SubgraphSchema, parent: str, selections: tuple[Selection, ...]
) -> tuple[Selection, ...]:
    """The selections that lead to an external field; those that do not resolve are kept for validation to report."""
    kept: list[Selection] = []
    for selection in selections:
        if isinstance(selection, FragmentSelection):
            inner = _active(subgraph, selection.type_condition or parent, selection.selections)
            kept += [selection._replace(selections=inner)] if inner else []
            continue
        field = subgraph.schema.field(parent, selection.name)
        if (
            field is None
            or subgraph.fields.is_external(field)
            or (not selection.selections and subgraph.schema.is_composite(named_type(field.type)))
        ):
            kept.append(selection)
        elif selection.selections:
            inner = _active(subgraph, named_type(field.type), selection.selections)
            kept += [selection._replace(selections=inner)] if inner else []
    return tuple(kept)
