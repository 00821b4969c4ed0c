"""Hides the types that no operation of a supergraph's API can reach."""

from collections.abc import Iterable, Iterator

from gateway.composition.contracts.hiding import hide, is_hidden
from gateway.composition.model.schema import Field, InputValue, Kind, Schema, Type
from gateway.composition.model.typeref import named_type


def hide_unreachable_types(supergraph: Schema) -> None:
    reached = _reached(supergraph)
    for each in supergraph.types.values():
        if each.name not in reached and each.name not in supergraph.machinery:
            hide(supergraph, each)


def _reached(supergraph: Schema) -> set[str]:
    """The types that visible elements lead to, from the root types and the directives."""
    waiting = [*supergraph.roots.values()]
    for directive in supergraph.directives.values():
        waiting += _types_of(directive.arguments.values())
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        found = supergraph.types.get(name)
        if name in reached or found is None or is_hidden(found):
            continue
        reached.add(name)
        waiting += _leads_to(supergraph, found)
    return reached


def _leads_to(supergraph: Schema, each: Type) -> Iterator[str]:
    """Where a type leads: what its fields are of and take, what it may be at run time, what it implements."""
    yield from _types_of(each.fields.values())
    for field in each.fields.values():
        if not is_hidden(field):
            yield from _types_of(field.arguments.values())
    yield from _types_of(each.inputs.values())
    yield from each.interfaces
    yield from each.members
    if each.kind is Kind.INTERFACE:
        yield from (other.name for other in supergraph.types.values() if each.name in other.interfaces)


def _types_of(elements: Iterable[Field | InputValue]) -> list[str]:
    return [named_type(each.type) for each in elements if not is_hidden(each)]
