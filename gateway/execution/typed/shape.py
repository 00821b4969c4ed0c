"""The answer to one operation as a tree: which members an object of each position has, and of what type.

Members that the client asked for come first and in its order; fetches add those that only they need (`placing`).
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionSetNode,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from msgspec import Meta

from gateway.execution.completion.collect_fields import FieldCollector
from gateway.execution.introspection import INTROSPECTION_FIELDS
from gateway.planning.refusal import is_refused

MAX_MEMBERS = 2000
"""How many members the tree of an operation may have: it bounds what compiling takes."""

MAX_DEPTH = 50

ANY_VALUE: Any = bool | int | float | str | list[Any] | dict[str, Any]
"""A JSON value that is not null."""

_SCALARS: dict[str, Any] = {
    "String": str,
    "ID": str,
    "Int": Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)],
    "Float": int | float,
    "Boolean": bool,
}

Provider = tuple[int, int]
"""Who fills a member: the number of a fetch, and of an entity fetch in it."""

ROOT_FETCH = -1
"""Stands for the number of an entity fetch in a fetch that has none."""


class Unfit(Exception):  # noqa: N818 - no error: the general path takes over
    """What typed execution does not cover: an operation when it is compiled, or an answer of a subgraph."""


class Member:
    """One member of an object.

    `nullable` is from the outermost list to what it holds. `leaf` is the type of a leaf that is not null, `objects`
    what a composite field leads to; a `__typename` has neither but a `constant`.
    """

    __slots__ = ("attribute", "constant", "key", "leaf", "nullable", "objects", "provider", "visible")

    def __init__(self, key: str, attribute: str, nullable: tuple[bool, ...], *, visible: bool) -> None:
        self.key = key
        self.attribute = attribute
        self.nullable = nullable
        self.visible = visible
        self.leaf: Any = None
        self.objects: Objects | None = None
        self.constant: str | None = None
        self.provider: Provider | None = None


class Variant:
    """Objects of one type at one position, with their members by response key."""

    __slots__ = ("members", "type_name")

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name
        self.members: dict[str, Member] = {}

    def add(self, key: str, nullable: tuple[bool, ...], *, visible: bool) -> Member:
        member = Member(key, f"f{len(self.members)}", nullable, visible=visible)
        self.members[key] = member
        return member

    @property
    def hidden(self) -> list[Member]:
        """What is fetched and not part of the answer."""
        return [member for member in self.members.values() if not member.visible]


class Objects:
    """One position: what a field leads to, whatever lists lie between; several variants where it is abstract."""

    __slots__ = ("is_abstract", "is_read", "is_represented", "variants")

    def __init__(self, *, is_abstract: bool) -> None:
        self.is_abstract = is_abstract
        self.is_read = False
        self.is_represented = False
        self.variants: dict[str, Variant] = {}

    @property
    def is_kept(self) -> bool:
        """Whether objects are kept apart, as bytes, until their fetches are done: each different one is worked on once."""
        if self.is_abstract or self.is_read or self.is_represented:
            return True
        return any(variant.hidden for variant in self.variants.values())


class ShapeBuilder:
    """Builds the tree of an operation for known values of its conditions. Raises Unfit."""

    def __init__(self, fields: FieldCollector) -> None:
        self._fields = fields
        self._members = 0

    def build(self, root: GraphQLObjectType, selection_set: SelectionSetNode) -> Variant:
        return self._variant(root, [selection_set], 0)

    def _variant(self, named: GraphQLObjectType, sets: Sequence[SelectionSetNode], depth: int) -> Variant:
        variant = Variant(named.name)
        selected = self._fields.collect(named, sets)
        self._members += 1 + len(selected)
        if self._members > MAX_MEMBERS or depth > MAX_DEPTH:
            raise Unfit("the operation is too large")
        for key, nodes in selected.items():
            self._member(variant, named, key, nodes, depth)
        return variant

    def _member(
        self, variant: Variant, parent: GraphQLObjectType, key: str, nodes: list[FieldNode], depth: int
    ) -> None:
        name = nodes[0].name.value
        if name in INTROSPECTION_FIELDS:
            raise Unfit("introspection")
        if name == "__typename":
            variant.add(key, (False,), visible=True).constant = parent.name
            return
        if is_refused(nodes[0]):
            raise Unfit("a refused member")
        named, nullable = unwrapped(parent.fields[name].type)
        member = variant.add(key, nullable, visible=True)
        if is_leaf_type(named):
            member.leaf = leaf_type(named)
            return
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        member.objects = Objects(is_abstract=is_abstract_type(named))
        for possible in self._possible(named):
            member.objects.variants[possible.name] = self._variant(possible, sets, depth + 1)

    def _possible(self, named: Any) -> Iterator[GraphQLObjectType]:
        if is_object_type(named):
            yield named
        else:
            yield from self._fields.schema.get_possible_types(named)


def unwrapped(declared: GraphQLOutputType) -> tuple[Any, tuple[bool, ...]]:
    """The named type, and the nullability of each list and of what the innermost one holds."""
    nullable: list[bool] = []
    current: Any = declared
    while True:
        nullable.append(not is_non_null_type(current))
        if is_non_null_type(current):
            current = current.of_type
        if not is_list_type(current):
            return current, tuple(nullable)
        current = current.of_type


def leaf_type(leaf: GraphQLLeafType) -> Any:
    """The Python type that decodes just the values that the leaf may have (GraphQL, sections 3.5 and 3.9)."""
    if isinstance(leaf, GraphQLEnumType):
        return Literal[tuple(leaf.values)]
    return _SCALARS.get(leaf.name, ANY_VALUE)
