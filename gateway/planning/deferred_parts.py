"""The parts of an operation that are delivered later (@defer, the RFC of incremental delivery)."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    StringValueNode,
    VariableNode,
)

from gateway.planning.plan import Path

PartKey: TypeAlias = tuple[int, Path]
"""What tells a part from all others of an operation, whenever it is planned again."""


class DeferredPart(NamedTuple):
    """A deferred fragment at one position; the members are those of the plan's `Deferred`."""

    fragment: InlineFragmentNode | FragmentSpreadNode
    path: Path
    label: str | None
    variable: str | None
    parent: int | None

    @property
    def key(self) -> PartKey:
        return id(self.fragment), self.path


class DeferredParts:
    """The parts in the order in which they are found: each comes after the one that it is nested in.

    What those of `at_once` select is asked with the part around them: they bring nothing of their own.
    """

    def __init__(self, at_once: frozenset[PartKey]) -> None:
        self.found: list[DeferredPart] = []
        self._at_once = at_once

    def part_of(
        self, node: InlineFragmentNode | FragmentSpreadNode, part: int | None, path: Path
    ) -> int | None:
        """The part that a fragment's fields are in, at a position of `part`: a new one if it is deferred."""
        directive = next((found for found in node.directives or () if found.name.value == "defer"), None)
        if directive is None:
            return part
        label, variable, is_on = _arguments(directive)
        if not is_on:
            return part
        found = DeferredPart(node, path, label, variable, part)
        self.found.append(found)
        return part if found.key in self._at_once else len(self.found) - 1

    def around(self, part: int | None) -> Iterator[int | None]:
        """The parts that a part is nested in, the nearest first; the last is None, what is not deferred."""
        while part is not None:
            part = self.found[part].parent
            yield part


def _arguments(directive: DirectiveNode) -> tuple[str | None, str | None, bool]:
    """The label, the variable of `if:`, and whether it defers for any value of that."""
    values = {argument.name.value: argument.value for argument in directive.arguments or ()}
    label, condition = values.get("label"), values.get("if")
    return (
        label.value if isinstance(label, StringValueNode) else None,
        condition.name.value if isinstance(condition, VariableNode) else None,
        not (isinstance(condition, BooleanValueNode) and not condition.value),
    )
