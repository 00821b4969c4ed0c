"""A field that several subgraphs resolve must be shareable in each; one of Subscription never is (INVALID_FIELD_SHARING)."""

from typing import NamedTuple

from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.overrides import Overrides
from gateway.composition.model.schema import Field, Type


class Resolver(NamedTuple):
    """A subgraph that resolves a field, itself or through an `@interfaceObject`."""

    subgraph: int
    field: Field
    through: str | None = None


def check_sharing(
    context: MergeContext, owner: Type, name: str, sources: Sources[Field], overrides: Overrides
) -> None:
    """Report INVALID_FIELD_SHARING."""
    if owner.name == "Subscription":
        _check_subscription(context, sources)
    resolvers = [
        Resolver(index, each)
        for index, each in sources
        if index not in overrides.overridden and not context.subgraphs[index].fields.is_fully_external(each)
    ]
    resolvers += _through_interface_objects(context, owner, name, {index for index, _ in sources})
    unshared = [
        each
        for each in resolvers
        if each.field.coordinate not in context.subgraphs[each.subgraph].fields.shareable
    ]
    if len(resolvers) < 2 or not unshared:
        return
    resolvers.sort(key=lambda each: each.subgraph)
    unshared.sort(key=lambda each: each.subgraph)
    where = "all of them" if len(unshared) == len(resolvers) else _show(context, unshared)
    message = (
        f'Non-shareable field "{owner.name}.{name}" is resolved from multiple subgraphs: it is resolved from'
        f" {_show(context, resolvers)} and defined as non-shareable in {where}{_override_advice(context, sources)}"
    )
    coordinate = f"{owner.name}.{name}"
    context.error("INVALID_FIELD_SHARING", message, coordinate, [each.field for each in resolvers])


def _check_subscription(context: MergeContext, sources: Sources[Field]) -> None:
    """One subgraph holds the connection that a subscription's events come through."""
    marked = [each for _, each in sources if each.has("shareable")]
    if marked:
        coordinate = marked[0].coordinate
        message = (
            f'Fields of the Subscription root cannot be @shareable: resolve "{coordinate}" in one subgraph.'
        )
        context.error("INVALID_FIELD_SHARING", message, coordinate, marked)


def _through_interface_objects(
    context: MergeContext, owner: Type, name: str, direct: set[int]
) -> list[Resolver]:
    found = []
    for interface in owner.interfaces:
        for index, each in context.types(interface):
            field = each.fields.get(name)
            if index in direct or field is None or not each.is_interface_object:
                continue
            if not context.subgraphs[index].fields.is_fully_external(field):
                found.append(Resolver(index, field, field.coordinate))
    return found


def _show(context: MergeContext, resolvers: list[Resolver]) -> str:
    names = []
    for each in resolvers:
        through = f' (through @interfaceObject field "{each.through}")' if each.through else ""
        names.append(f'"{context.name(each.subgraph)}"{through}')
    if len(names) == 1:
        return f"subgraph {names[0]}"
    return f"subgraphs {', '.join(names[:-1])} and {names[-1]}"


def _override_advice(context: MergeContext, sources: Sources[Field]) -> str:
    """The likely cause, where a subgraph named in an `@override` does not exist."""
    names = {each.name for each in context.subgraphs}
    for _, field in sources:
        for application in field.applied("override"):
            origin = application.arguments.get("from")
            if origin not in names:
                return f' (please note that "{field.coordinate}" has an @override from "{origin}", which is no subgraph)'
    return ""
