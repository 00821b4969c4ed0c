"""Hides what the tags of a contract leave out, and the types of which nothing is left."""

from collections.abc import Iterable

from gateway.composition.contracts.hiding import hide, is_hidden
from gateway.composition.model.schema import Element, Field, Kind, Schema, Type

Tags = frozenset[str]


class TagFilter:
    """One contract's tags over one supergraph."""

    def __init__(self, supergraph: Schema, include: Tags, exclude: Tags) -> None:
        self._supergraph = supergraph
        self._include = include
        self._exclude = exclude

    def apply(self) -> None:
        types = [
            each for each in self._supergraph.types.values() if each.name not in self._supergraph.machinery
        ]
        for each in types:
            self._filter(each)
        while emptied := [each for each in types if not is_hidden(each) and self._is_empty(each)]:
            for each in emptied:
                hide(self._supergraph, each)

    def _filter(self, each: Type) -> None:
        own = _tags(each)
        if own & self._exclude or (each.kind is Kind.UNION and self._leaves_out(own)):
            hide(self._supergraph, each)
        for field in each.fields.values():
            self._filter_field(field, own)
        self._exclude_from((*each.inputs.values(), *each.values.values()))

    def _filter_field(self, field: Field, inherited: Tags) -> None:
        tags = _tags(field) | inherited
        if tags & self._exclude or self._leaves_out(tags):
            hide(self._supergraph, field)
        self._exclude_from(field.arguments.values())

    def _leaves_out(self, tags: Tags) -> bool:
        return bool(self._include) and not tags & self._include

    def _exclude_from(self, elements: Iterable[Element]) -> None:
        for each in elements:
            if _tags(each) & self._exclude:
                hide(self._supergraph, each)

    def _is_empty(self, each: Type) -> bool:
        if each.kind is Kind.UNION:
            members = (self._supergraph.types[name] for name in each.members)
            return all(is_hidden(member) for member in members)
        children = (*each.fields.values(), *each.inputs.values(), *each.values.values())
        return each.kind is not Kind.SCALAR and all(is_hidden(child) for child in children)


def _tags(element: Element) -> Tags:
    return frozenset(str(each.arguments.get("name")) for each in element.applied("tag"))
