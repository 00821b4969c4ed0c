"""Interfaces across subgraphs: their keys, `@interfaceObject`, and fields that implementations must have."""

from gateway.composition.merge.context import MergeContext, Sources, subgraph_names
from gateway.composition.merge.overrides import Overrides
from gateway.composition.merge.sharing import check_sharing
from gateway.composition.model.schema import Application, Field, InputValue, Kind, Type
from gateway.composition.model.subtyping import is_subtype


def check_interface(context: MergeContext, sources: Sources[Type], target: Type) -> None:
    """Check the resolvable keys of an interface and its declarations as `@interfaceObject`."""
    implementations = [each.name for each in context.supergraph.implementations(target.name)]
    objects = [(index, each) for index, each in sources if each.is_interface_object]
    if len(objects) == len(sources):
        message = (
            f'Type "{target.name}" is declared with @interfaceObject in all the subgraphs in which it is defined'
            f" ({context.names([index for index, _ in objects])}): one should define it as an interface."
        )
        context.error("INTERFACE_OBJECT_USAGE_ERROR", message, target.name, [each for _, each in objects])
    for index, each in sources:
        if each.is_interface_object:
            _check_interface_object(context, index, each, implementations)
        else:
            _check_key(context, index, each, implementations)


def _check_key(context: MergeContext, index: int, each: Type, implementations: list[str]) -> None:
    resolvable = next((key for key in each.applied("key") if key.arguments.get("resolvable", True)), None)
    defined = _represented(context, index, each.name)
    missing = [name for name in implementations if name not in defined]
    if resolvable is None or not missing:
        return
    name = context.name(index)
    message = (
        f'[{name}] Interface type "{each.name}" has a resolvable key (@key(fields: "{resolvable.arguments.get("fields")}"))'
        f' in subgraph "{name}" but that subgraph is missing some of the supergraph implementation types of'
        f' "{each.name}". Subgraph "{name}" should define {", ".join(missing)} (and have them implement "{each.name}").'
    )
    code = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE"
    context.diagnostics.error(code, message, each.name, [resolvable.location])


def _represented(context: MergeContext, index: int, interface: str) -> set[str]:
    """The types that a subgraph defines, and those that an interface object stands for which is one of the interface."""
    schema = context.subgraphs[index].schema
    names = set(schema.types)
    for each in schema.implementations(interface):
        if each.is_interface_object:
            names |= {found.name for found in context.supergraph.implementations(each.name)}
    return names


def _check_interface_object(
    context: MergeContext, index: int, each: Type, implementations: list[str]
) -> None:
    defined = [name for name in implementations if name in context.subgraphs[index].schema.types]
    if defined:
        name = context.name(index)
        message = (
            f'[{name}] Interface type "{each.name}" is defined as an @interfaceObject in subgraph "{name}" so that subgraph'
            f' should not define any of the implementation types of "{each.name}", but it defines {", ".join(defined)}.'
        )
        context.error("INTERFACE_OBJECT_USAGE_ERROR", message, each.name, [each])


def propagate_interface_objects(context: MergeContext) -> None:
    """Give every implementation the fields that `@interfaceObject` types add to its interfaces.

    They carry a `@join__field` without graph: the router resolves them through the interface.
    """
    interfaces = list(context.supergraph.of_kind(Kind.INTERFACE))
    for interface in interfaces:
        objects = [each for _, each in context.types(interface.name) if each.is_interface_object]
        added = [
            field for name, field in interface.fields.items() if any(name in each.fields for each in objects)
        ]
        for implementation in context.supergraph.implementations(interface.name) if added else ():
            for field in added:
                if field.name not in implementation.fields:
                    implementation.fields[field.name] = _copy(field, implementation.name)
                    check_sharing(context, implementation, field.name, [], Overrides())


def _copy(field: Field, parent: str) -> Field:
    arguments = {
        name: InputValue(
            name=name,
            coordinate=f"{parent}.{field.name}({name}:)",
            type=each.type,
            default=each.default,
            description=each.description,
            applications=list(each.applications),
        )
        for name, each in field.arguments.items()
    }
    kept = [each for each in field.applications if each.name != "join__field"]
    return Field(
        name=field.name,
        parent=parent,
        type=field.type,
        arguments=arguments,
        description=field.description,
        applications=[*kept, Application("join__field", {})],
        location=field.location,
    )


def check_implementations(context: MergeContext) -> None:
    """After merging, every implementation has every field of its interfaces (INTERFACE_FIELD_NO_IMPLEM)."""
    supergraph = context.supergraph
    for owner in supergraph.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for name in owner.interfaces:
            interface = supergraph.types.get(name)
            if interface is None or interface.kind is not Kind.INTERFACE:
                continue
            for field in interface.fields.values():
                found = owner.fields.get(field.name)
                if found is None:
                    _report_missing(context, owner, interface, field)
                elif not is_subtype(supergraph, found.type, field.type):
                    message = (
                        f"Interface field {field.coordinate} expects type {field.type} but {found.coordinate} of type"
                        f" {found.type} is not a proper subtype."
                    )
                    context.error("INVALID_GRAPHQL", message, found.coordinate, [found, field])


def _report_missing(context: MergeContext, owner: Type, interface: Type, field: Field) -> None:
    declaring = [
        context.name(index)
        for index, each in context.types(interface.name)
        if field.name in each.fields and not each.is_interface_object
    ]
    implementing = [
        context.name(index) for index, each in context.types(owner.name) if interface.name in each.interfaces
    ]
    declared = f"declared in {subgraph_names(declaring)}" if declaring else "added by an @interfaceObject"
    message = (
        f'Interface field "{field.coordinate}" is {declared} but type "{owner.name}", which implements'
        f' "{interface.name}" only in {subgraph_names(implementing)} does not have field "{field.name}".'
    )
    context.error("INTERFACE_FIELD_NO_IMPLEM", message, f"{owner.name}.{field.name}", [owner, field])
