"""Which fetch fills which member of the answer, read from the documents that the fetches send.

A composite field is filled by one fetch: where two of them answer parts of the same object, the general path merges
them. A leaf that a second fetch answers again is ignored.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from gateway.execution.completion.collect_fields import FieldCollector, GroupedFields
from gateway.execution.typed.shape import (
    ANY_VALUE,
    ROOT_FETCH,
    Member,
    Objects,
    Provider,
    Unfit,
    Variant,
)
from gateway.planning.plan import (
    Each,
    EntityFetch,
    Fetch,
    Key,
    OfType,
    Path,
    Representation,
    RequiredField,
    RequiredSelection,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Objects of one variant at one position that a fetch wants entities for."""

    objects: Objects
    variant: Variant
    representation: Representation


class Placing:
    """Puts fetches, in the plan's order, into the tree of the answer. Raises Unfit."""

    def __init__(self, root: Variant, schema: GraphQLSchema, conditions: Mapping[str, bool]) -> None:
        self._root = root
        self._schema = schema
        self._conditions = conditions

    def place(self, fetch: Fetch) -> list[list[Place]]:
        """The places of each entity fetch; none for a root fetch."""
        if fetch.path or fetch.renames or any(entity.renames or entity.context for entity in fetch.entities):
            raise Unfit("a fetch of its own kind")
        document = _Document(fetch, self._schema, self._conditions)
        if not fetch.entities:
            document.fill(self._root, [document.operation.selection_set], (fetch.id, ROOT_FETCH))
            return []
        return [
            self._place_entities(document, entity, (fetch.id, index))
            for index, entity in enumerate(fetch.entities)
        ]

    def _place_entities(self, document: "_Document", entity: EntityFetch, provider: Provider) -> list[Place]:
        places = [
            Place(objects, variant, representation)
            for path in entity.paths
            for objects, variant in self._find(path)
            if (representation := _representation(entity, variant)) is not None
        ]
        selection_set = document.entity_selections(entity.alias)
        for place in places:
            place.objects.is_represented = True
            for field in required_fields(place.representation):
                _read(field, place.variant)
            document.fill(place.variant, [selection_set], provider)
        return places

    def _find(self, path: Path) -> list[tuple[Objects, Variant]]:
        """The positions at the end of the path, several where it goes through an abstract one."""
        found: list[tuple[Objects | None, Variant]] = [(None, self._root)]
        for step in path:
            match step:
                case Key(name):
                    found = [inner for _, variant in found for inner in _below(variant, name)]
                case OfType(types):
                    found = [(objects, variant) for objects, variant in found if variant.type_name in types]
                case Each():
                    continue
        return [(objects, variant) for objects, variant in found if objects is not None]


def _below(variant: Variant, key: str) -> Iterator[tuple[Objects, Variant]]:
    member = variant.members.get(key)
    if member is None:
        return
    if member.objects is None:
        raise Unfit("a path through what the client does not see")
    for inner in member.objects.variants.values():
        yield member.objects, inner


def _representation(entity: EntityFetch, variant: Variant) -> Representation | None:
    """None for objects of a type that the fetch does not ask about."""
    kinds = (found for found in entity.representations if variant.type_name in found.possible_types)
    return next(kinds, None)


def required_fields(representation: Representation) -> list[RequiredField]:
    """The members of a representation but its `__typename`."""
    fields = [found for found in representation.selections if isinstance(found, RequiredField)]
    named = {field.name: field for field in fields if field.name != "__typename"}
    if len(fields) < len(representation.selections) or len(named) < sum(f.name in named for f in fields):
        raise Unfit("a representation with fragments, or with parts of one member")
    return list(named.values())


def _read(field: RequiredField, variant: Variant) -> None:
    """Sees to it that the field can be read of such objects.

    An object below is read as it was fetched: bytes, until all is done.
    """
    member = variant.members.get(field.source)
    if member is None:
        raise Unfit("a representation of what is not fetched at its object")
    if member.objects is None:
        return
    member.objects.is_read = True
    for inner in member.objects.variants.values():
        for selection in _all_fields(field.selections):
            below = inner.members.get(selection.source)
            if below is not None and below.provider != member.provider and below.constant is None:
                raise Unfit("a representation of what several fetches know")
            if selection.selections and below is not None:
                _read(selection, inner)


def _all_fields(selections: Iterable[RequiredSelection]) -> Iterator[RequiredField]:
    for selection in selections:
        if isinstance(selection, RequiredField):
            yield selection
        else:
            yield from _all_fields(selection.selections)


class _Document:
    """The text of a fetch, read against the API schema."""

    def __init__(self, fetch: Fetch, schema: GraphQLSchema, conditions: Mapping[str, bool]) -> None:
        definitions = parse(fetch.document, no_location=True).definitions
        fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
        self._fields = FieldCollector(schema, fragments, conditions)
        self.operation = next(d for d in definitions if isinstance(d, OperationDefinitionNode))

    def entity_selections(self, alias: str) -> SelectionSetNode:
        for node in self.operation.selection_set.selections:
            if isinstance(node, FieldNode) and (node.alias or node.name).value == alias:
                assert node.selection_set is not None
                return node.selection_set
        raise LookupError(alias)

    def fill(self, variant: Variant, sets: Iterable[SelectionSetNode], provider: Provider) -> None:
        """Makes `provider` that of all members that `sets` select for objects of the variant."""
        for key, nodes in self._collect(variant.type_name, sets).items():
            if nodes[0].name.value == "__typename":
                self._expect_typename(variant, key)
                continue
            inner = [node.selection_set for node in nodes if node.selection_set is not None]
            member = variant.members.get(key)
            if member is None:
                member = variant.add(key, (True,), visible=False)
                member.leaf = ANY_VALUE
            if member.provider is None:
                member.provider = provider
                self._fill_below(member, inner, provider)
            elif inner:
                raise Unfit("an object that two fetches fill")

    def _expect_typename(self, variant: Variant, key: str) -> None:
        """An object that says it is of another type is none of the variant: then the general path decides."""
        if key not in variant.members:
            variant.add(key, (False,), visible=False).constant = variant.type_name

    def _fill_below(self, member: Member, sets: list[SelectionSetNode], provider: Provider) -> None:
        if member.objects is None:
            return
        for variant in member.objects.variants.values():
            self.fill(variant, sets, provider)

    def _collect(self, type_name: str, sets: Iterable[SelectionSetNode]) -> GroupedFields:
        named: Any = self._fields.schema.type_map[type_name]
        try:
            return self._fields.collect(named, sets)
        except KeyError:
            raise Unfit("a type that clients do not see") from None
