"""Selections in the one shape that planning works on.

Fragments are gone: each selected field says for which object types it is selected and under which conditions.
The same shape serves operations and the field sets of @key, @requires and @provides; `normalization` makes it.
"""

from collections.abc import Iterator
from typing import TypeAlias

Condition: TypeAlias = tuple[str, bool]
"""A boolean variable and the value for which the selection counts."""

Conditions: TypeAlias = tuple[Condition, ...]


class Selection:
    """One selected field.

    `types` are the object types for which it is selected, `arguments` its arguments as GraphQL text. `leaves`
    is a set of bits: each leaf of one normalised tree has its own, a composite field has those below it. `part`
    numbers the deferred part that selects it; `deferred` is what other parts select below it, and no leaf of it
    counts: a composite field of which nothing is left, all being deferred or skipped, is a leaf itself.
    """

    __slots__ = (
        "_parts",
        "arguments",
        "conditions",
        "deferred",
        "leaves",
        "name",
        "part",
        "response_key",
        "selections",
        "types",
        "variables",
    )

    def __init__(
        self,
        *,
        name: str,
        response_key: str,
        arguments: str,
        variables: frozenset[str],
        types: frozenset[str],
        conditions: Conditions,
        selections: "tuple[Selection, ...]",
        leaves: int,
        part: int | None = None,
        deferred: "tuple[Selection, ...]" = (),
    ) -> None:
        self.name = name
        self.response_key = response_key
        self.arguments = arguments
        self.variables = variables
        self.types = types
        self.conditions = conditions
        self.selections = selections
        self.leaves = leaves
        self.part = part
        self.deferred = deferred
        self._parts: dict[int, Selection] = {}

    def restricted(self, leaves: int) -> "Selection":
        """The selection with only those of its leaves that are in `leaves`."""
        if self.leaves & ~leaves == 0:
            return self
        wanted = self.leaves & leaves
        part = self._parts.get(wanted)
        if part is None:
            children = tuple(child.restricted(wanted) for child in self.selections if child.leaves & wanted)
            part = self._parts.setdefault(wanted, self._changed(selections=children, leaves=wanted))
        return part

    def covers(self, other: "Selection") -> bool:
        """Whether the field is selected wherever and whenever `other` is, as the same member."""
        return (
            self.response_key == other.response_key
            and self.part == other.part
            and other.types <= self.types
            and set(self.conditions) <= set(other.conditions)
        )

    def leaves_beyond(self, outer: "Selection") -> int:
        """The leaves that `outer`, which covers the field, does not select too; all above what is deferred."""
        beyond = 0
        for inner in self.selections:
            covering = [found for found in outer.selections if found.covers(inner)]
            if inner.deferred or not covering:
                beyond |= inner.leaves
            elif inner.selections:
                beyond |= inner.leaves_beyond(covering[0])
        return beyond

    def leaf_fields(self) -> Iterator[str]:
        """The coordinates of the fields at its ends."""
        if not self.selections:
            yield f"{min(self.types)}.{self.name}"
        for inner in self.selections:
            yield from inner.leaf_fields()

    def under(self, conditions: Conditions) -> "Selection":
        """The selection under `conditions` besides its own."""
        if not conditions:
            return self
        return self._changed(conditions=joined_conditions(self.conditions, conditions))

    def with_all_deferred(self) -> "Selection":
        """The selection of which nothing below is asked at once."""
        return self._changed(selections=(), deferred=(*self.selections, *self.deferred))

    def _changed(
        self,
        *,
        selections: "tuple[Selection, ...] | None" = None,
        leaves: int | None = None,
        conditions: Conditions | None = None,
        deferred: "tuple[Selection, ...] | None" = None,
    ) -> "Selection":
        return Selection(
            name=self.name,
            response_key=self.response_key,
            arguments=self.arguments,
            variables=self.variables,
            types=self.types,
            conditions=self.conditions if conditions is None else conditions,
            selections=self.selections if selections is None else selections,
            leaves=self.leaves if leaves is None else leaves,
            part=self.part,
            deferred=self.deferred if deferred is None else deferred,
        )


def joined_conditions(first: Conditions, second: Conditions) -> Conditions:
    return tuple(sorted({*first, *second}))
