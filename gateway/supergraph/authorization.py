"""What a supergraph says about who may see what: `@authenticated`, `@requiresScopes` and `@policy`.

Each application of one of them is a guard. Whether a caller passes it is decided elsewhere; here stands only which
guards a selected field is behind. Apollo's rules for abstract types hold: a field that is selected through an interface
is behind the guards of all that it may turn out to be, a fragment on an object type only behind those of that type.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from math import prod
from typing import Literal

from graphql import DirectiveNode, DocumentNode, ListValueNode, TypeDefinitionNode, ValueNode
from msgspec import Struct

from gateway.supergraph.directives import applied, argument_values, text_of
from gateway.supergraph.links import Links
from gateway.supergraph.model import SupergraphType

GuardKind = Literal["authenticated", "requiresScopes", "policy"]
Alternatives = tuple[frozenset[str], ...]
Guards = frozenset["Guard"]

NO_GUARDS: Guards = frozenset()
_ARGUMENTS: dict[GuardKind, str | None] = {
    "authenticated": None,
    "requiresScopes": "scopes",
    "policy": "policies",
}
_MAX_COMBINATIONS = 1000


class Guard(Struct, frozen=True):
    """One application of a directive: all scopes or policies of one of `alternatives` must be there.

    `authenticated` has no alternatives. A list without alternatives lets nobody pass.
    """

    kind: GuardKind
    alternatives: Alternatives = ()


class Authorization:
    """Answers which guards a field is behind. Immutable for its users; safe to share between threads."""

    def __init__(
        self,
        types: Mapping[str, SupergraphType],
        of_types: Mapping[str, Guards],
        of_fields: Mapping[tuple[str, str], Guards],
    ) -> None:
        self._types = types
        self._of_types = of_types
        self._of_fields = of_fields
        self._known: dict[tuple[str, str], Guards] = {}
        self._objects = _possible_types(types) if self else {}

    def __bool__(self) -> bool:
        """Whether the supergraph guards anything."""
        return bool(self._of_types or self._of_fields)

    def guards(self, parent: str, name: str) -> Guards:
        """The guards of the field `name` where it is selected on the type `parent`; none of one that is not there."""
        key = (parent, name)
        found = self._known.get(key)
        if found is None:
            found = self._known.setdefault(key, frozenset(self._guards(parent, name)))
        return found

    def field_type(self, parent: str, name: str) -> str | None:
        """The named type of a field, None for one that is not there and for `__typename`."""
        type_ = self._types.get(parent)
        field = type_.fields.get(name) if type_ else None
        return field.type.name if field else None

    def _guards(self, parent: str, name: str) -> Iterator[Guard]:
        if self.field_type(parent, name) is None:
            return
        for type_name in {parent, *self._objects.get(parent, ())}:
            yield from self._of_types.get(type_name, ())
            yield from self._of_fields.get((type_name, name), ())
            if declared := self.field_type(type_name, name):
                yield from self._at_entry(declared)

    def _at_entry(self, type_name: str) -> Iterator[Guard]:
        """The guards of a field's own type.

        Composition gives interfaces the guards of their objects, which count where fields are selected, not before: a
        fragment may select an object that has none.
        """
        guards = self._of_types.get(type_name, NO_GUARDS)
        objects = self._objects.get(type_name, ())
        below = [guard for name in objects if name != type_name for guard in self._of_types.get(name, ())]
        for guard in guards:
            if not _is_implied(guard, [other for other in below if other.kind == guard.kind]):
                yield guard


def read_authorization(
    document: DocumentNode, links: Links, types: Mapping[str, SupergraphType]
) -> Authorization:
    """The guards that a supergraph document applies to types and fields."""
    names: dict[GuardKind, str] = {kind: name for kind in _ARGUMENTS if (name := links.directive(kind))}
    of_types: dict[str, Guards] = {}
    of_fields: dict[tuple[str, str], Guards] = {}
    for node in document.definitions if names else ():
        if isinstance(node, TypeDefinitionNode):
            if guards := _read(node.directives, names):
                of_types[node.name.value] = guards
            for field in getattr(node, "fields", None) or ():
                if guards := _read(field.directives, names):
                    of_fields[node.name.value, field.name.value] = guards
    return Authorization(types, of_types, of_fields)


def _read(directives: Iterable[DirectiveNode] | None, names: Mapping[GuardKind, str]) -> Guards:
    found = []
    for kind, name in names.items():
        for directive in applied(directives, name):
            argument = argument_values(directive).get(_ARGUMENTS[kind] or "")
            found.append(Guard(kind, tuple(_alternatives(argument))))
    return frozenset(found)


def _alternatives(value: ValueNode | None) -> Iterator[frozenset[str]]:
    for item in value.values if isinstance(value, ListValueNode) else ():
        members = item.values if isinstance(item, ListValueNode) else (item,)
        yield frozenset(text for member in members if (text := text_of(member)) is not None)


def _is_implied(guard: Guard, others: list[Guard]) -> bool:
    """Whether whoever passes all of `others`, of its kind, passes `guard`."""
    if not others or guard.kind == "authenticated":
        return bool(others)
    if prod(len(other.alternatives) for other in others) > _MAX_COMBINATIONS:
        return False
    combinations = product(*(other.alternatives for other in others))
    return all(
        any(alternative <= frozenset().union(*combination) for alternative in guard.alternatives)
        for combination in combinations
    )


def _possible_types(types: Mapping[str, SupergraphType]) -> dict[str, set[str]]:
    """The object types of each interface and union."""
    found = {name: set(type_.all_members) for name, type_ in types.items() if type_.kind == "UNION"}
    for name, type_ in types.items():
        if type_.kind == "OBJECT":
            for interface in type_.all_interfaces:
                found.setdefault(interface, set()).add(name)
    return found
