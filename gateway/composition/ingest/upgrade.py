"""Upgrades federation 1 subgraphs, in which much was implied, to what federation 2 says with directives.

All subgraphs are looked at together: what may be shared, and which type a type extension extends, depends on the
others. See https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/moving-to-federation-2.
"""

from collections.abc import Sequence

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.ingest.federation import all_fields
from gateway.composition.ingest.specifications import UPGRADED_VERSION
from gateway.composition.ingest.subgraph import SubgraphSchema
from gateway.composition.ingest.unused_externals import remove_unused_externals
from gateway.composition.model.field_set import selected_fields
from gateway.composition.model.schema import Application, Kind, Schema, Type

_ROOTS = frozenset(("Query", "Mutation", "Subscription"))


def upgrade_subgraphs(subgraphs: Sequence[SubgraphSchema], diagnostics: Diagnostics) -> None:
    """Rewrite the federation 1 subgraphs among these in place."""
    old = [each for each in subgraphs if not each.is_federation_2]
    for subgraph in old:
        _check_extensions(subgraph, subgraphs, diagnostics)
    for subgraph in old:
        _join_field_lists(subgraph.schema)
        _clean_interfaces(subgraph.schema)
        _remove_external_on_types(subgraph.schema)
        _make_definitions(subgraph, subgraphs)
        subgraph.refresh()
        remove_unused_externals(subgraph, diagnostics)
        subgraph.refresh()
    for subgraph in old:
        _remove_tags_on_external(subgraph, subgraphs)
    shareable = {subgraph.name: _shared(subgraph, subgraphs) for subgraph in old}
    for subgraph in old:
        _mark_shareable(subgraph.schema, shareable[subgraph.name])
        subgraph.refresh()


def hint_at_implied_versions(subgraphs: Sequence[SubgraphSchema], diagnostics: Diagnostics) -> None:
    """Hint at subgraphs whose other links stand for a newer federation version than the one they link."""
    for subgraph in subgraphs:
        links = subgraph.links
        linked, implied = links.federation_version, links.implied_version
        if implied > linked:
            start = max(linked, UPGRADED_VERSION) if not subgraph.is_federation_2 else linked
            message = (
                f"Subgraph {subgraph.name} has been implicitly upgraded from federation v{start[0]}.{start[1]} to"
                f" v{implied[0]}.{implied[1]}: link that version."
            )
            places = [link.location for link in links.by_identity.values()]
            code = "IMPLICITLY_UPGRADED_FEDERATION_VERSION"
            diagnostics.hint(code, "INFO", message, "schema", places)


def _check_extensions(
    subgraph: SubgraphSchema, all_subgraphs: Sequence[SubgraphSchema], diagnostics: Diagnostics
) -> None:
    for each in subgraph.schema.types.values():
        if not each.is_extension or each.name in _ROOTS:
            continue
        others = (other.schema.types.get(each.name) for other in all_subgraphs if other is not subgraph)
        if not any(other is not None and other.defined for other in others):
            message = (
                f'[{subgraph.name}] Type "{each.name}" is an extension type, but there is no type definition for'
                f' "{each.name}" in any subgraph.'
            )
            diagnostics.error("EXTENSION_WITH_NO_BASE", message, each.name, [each.location])


def _join_field_lists(schema: Schema) -> None:
    """Federation 1 tools also took lists of field names."""
    elements = [*schema.types.values(), *all_fields(schema)]
    for element in elements:
        for application in element.applications:
            fields = application.arguments.get("fields")
            if application.core in {"key", "requires", "provides"} and isinstance(fields, list):
                application.arguments["fields"] = " ".join(map(str, fields))


def _clean_interfaces(schema: Schema) -> None:
    """Federation 1 ignored these directives on interfaces."""
    for interface in schema.of_kind(Kind.INTERFACE):
        interface.remove("key")
        for field in interface.fields.values():
            for directive in ("external", "requires", "provides"):
                field.remove(directive)


def _remove_external_on_types(schema: Schema) -> None:
    for each in schema.of_kind(Kind.OBJECT):
        each.remove("external")


def _make_definitions(subgraph: SubgraphSchema, all_subgraphs: Sequence[SubgraphSchema]) -> None:
    """Turn type extensions into definitions; their key fields were external in name only."""
    schema = subgraph.schema
    for each in schema.types.values():
        if each.defined and not each.has("extends") and each.name not in _ROOTS:
            continue
        for key in _keys_of(each, subgraph, all_subgraphs):
            for selected in selected_fields(schema, each.name, key.arguments.get("fields")):
                if selected.parent is each:
                    selected.field.remove("external")
        each.defined, each.extended = True, False
        for application in each.applications:
            application.extension = False
        for field in each.fields.values():
            field.extension = False


def _keys_of(
    each: Type, subgraph: SubgraphSchema, all_subgraphs: Sequence[SubgraphSchema]
) -> list[Application]:
    own = each.applied("key")
    if own:
        return own
    others = (other.schema.types.get(each.name) for other in all_subgraphs if other is not subgraph)
    return next((found.applied("key")[:1] for found in others if found is not None and found.has("key")), [])


def _remove_tags_on_external(subgraph: SubgraphSchema, all_subgraphs: Sequence[SubgraphSchema]) -> None:
    for field in all_fields(subgraph.schema):
        if field.has("tag") and subgraph.fields.is_external(field):
            others = (
                other.schema.field(field.parent, field.name)
                for other in all_subgraphs
                if other is not subgraph
            )
            if any(other is not None and other.has("tag") for other in others):
                field.remove("tag")


def _shared(subgraph: SubgraphSchema, all_subgraphs: Sequence[SubgraphSchema]) -> list[str]:
    """The coordinates of the types and fields that another subgraph resolves too."""
    others = [each for each in all_subgraphs if each is not subgraph]
    found: list[str] = []
    for owner in subgraph.schema.of_kind(Kind.OBJECT):
        if owner.name == "Subscription":
            continue
        if not owner.has("key") and owner.name not in _ROOTS:
            found += [owner.name] if any(owner.name in each.schema.types for each in others) else []
            continue
        for field in owner.fields.values():
            if field.coordinate not in subgraph.fields.shareable and _resolved_elsewhere(
                field.parent, field.name, others
            ):
                found.append(field.coordinate)
    return found


def _resolved_elsewhere(parent: str, name: str, others: Sequence[SubgraphSchema]) -> bool:
    for other in others:
        found = other.schema.field(parent, name)
        if found is not None and not other.fields.is_fully_external(found):
            return True
    return False


def _mark_shareable(schema: Schema, coordinates: Sequence[str]) -> None:
    for coordinate in coordinates:
        owner, _, name = coordinate.partition(".")
        target = schema.types[owner].fields[name] if name else schema.types[owner]
        target.applications.append(Application("shareable", {}, "shareable"))
