"""Merges named types: one kind everywhere, then by the rule of the kind."""

from collections.abc import Mapping
from typing import Any

from gateway.composition.merge.applications import merge_applications
from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.merge.enums import EnumUse, merge_enum
from gateway.composition.merge.fields import merge_fields
from gateway.composition.merge.input_objects import merge_input_object
from gateway.composition.merge.interfaces import check_interface
from gateway.composition.merge.unions import merge_union
from gateway.composition.model.schema import ROOT_NAMES, Application, Kind, Type


def add_types(context: MergeContext) -> None:
    """Put every type into the supergraph by name, kind and interfaces only, so that references can be compared."""
    names = dict.fromkeys(
        name for each in context.subgraphs for name in each.schema.types if name not in each.schema.machinery
    )
    for name in names:
        sources = context.types(name)
        _check_extensions(context, name, sources)
        kinds = {_merged_kind(each) for _, each in sources}
        if len(kinds) > 1:
            message = f'Type "{name}" has mismatched kind: it is defined as '
            context.mismatch("TYPE_KIND_MISMATCH", message, name, sources, show=_show_kind)
        target = Type(name=name, kind=_merged_kind(sources[0][1]), location=sources[0][1].location)
        for index, each in sources:
            for interface in each.interfaces:
                target.interfaces[interface] = None
                arguments = {"graph": context.graphs[index], "interface": interface}
                target.applications.append(Application("join__implements", arguments))
            if each.kind is Kind.UNION:
                target.members |= dict.fromkeys(each.members)
        context.supergraph.types[name] = target


def _check_extensions(context: MergeContext, name: str, sources: Sources[Type]) -> None:
    """A type that is extended is defined somewhere; the root types always are."""
    extending = [(index, each) for index, each in sources if each.extended]
    if not extending or any(each.defined for _, each in sources) or name in ROOT_NAMES.values():
        return
    for index, each in extending:
        message = (
            f'[{context.name(index)}] Type "{name}" is an extension type, but there is no type definition for "{name}" in'
            " any subgraph. Define it in one, without `extend`."
        )
        context.error("EXTENSION_WITH_NO_BASE", message, name, [each])


def _merged_kind(each: Type) -> Kind:
    return Kind.INTERFACE if each.is_interface_object else each.kind


def _show_kind(each: Type) -> str:
    return (
        "Interface Object Type (Object Type with @interfaceObject)" if each.is_interface_object else each.kind
    )


def merge_types(context: MergeContext, uses: Mapping[str, EnumUse]) -> None:
    for target in context.supergraph.types.values():
        sources = context.types(target.name)
        if len({_merged_kind(each) for _, each in sources}) == 1:
            _merge_type(context, sources, target, uses.get(target.name, EnumUse()))


def _merge_type(context: MergeContext, sources: Sources[Type], target: Type, use: EnumUse) -> None:
    target.applications += join_types(context, sources)
    match target.kind:
        case Kind.OBJECT | Kind.INTERFACE:
            if target.kind is Kind.INTERFACE:
                check_interface(context, sources, target)
            merge_fields(context, sources, target)
        case Kind.UNION:
            merge_union(context, sources, target)
        case Kind.ENUM:
            merge_enum(context, sources, target, use)
        case Kind.INPUT:
            merge_input_object(context, sources, target)
        case Kind.SCALAR:
            pass
    merge_description(context, sources, target, target.name)
    merge_applications(context, sources, target, target.name)
    _hint_missing_keys(context, sources, target)


def join_types(context: MergeContext, sources: Sources[Type]) -> list[Application]:
    """The `@join__type` applications: one a subgraph, or one for each of its keys there."""
    joins = []
    for index, each in sources:
        base: dict[str, Any] = {"graph": context.graphs[index]}
        interface_object = {"isInterfaceObject": True} if each.is_interface_object else {}
        keys = each.applied("key")
        for key in keys:
            arguments = base | {"key": key.arguments.get("fields")}
            if key.extension or each.has("extends"):
                arguments["extension"] = True
            if "resolvable" in key.arguments:
                arguments["resolvable"] = key.arguments["resolvable"]
            joins.append(Application("join__type", arguments | interface_object))
        if not keys:
            joins.append(Application("join__type", base | interface_object))
    return joins


def _hint_missing_keys(context: MergeContext, sources: Sources[Type], target: Type) -> None:
    if target.kind is not Kind.OBJECT:
        return
    without = [index for index, each in sources if not each.has("key")]
    if without and len(without) < len(sources):
        message = (
            f'Type "{target.name}" is declared as an entity (has a @key applied) in some but not all defining subgraphs:'
            f" it has no key in {context.names(without)}."
        )
        places = [each.location for _, each in sources]
        context.diagnostics.hint("INCONSISTENT_ENTITY", "INFO", message, target.name, places)
