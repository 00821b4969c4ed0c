"""What the walk finds wrong, and the state of the walk at which it does."""

from dataclasses import dataclass
from typing import TypeAlias

from gateway.composition.model.schema import Field
from gateway.composition.satisfiability.graph import Labels, Vertex


@dataclass(frozen=True, slots=True)
class State:
    """An object type at some vertices, and the way there: the state before and the field taken from it."""

    type: str
    vertices: tuple[Vertex, ...]
    before: "State | None" = None
    field: str | None = None
    labels: Labels = frozenset()


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """A field that no reachable subgraph resolves; without field, an object whose type none can tell."""

    state: State
    field: Field | None
    reached: tuple[Vertex, ...]
    labels: Labels = frozenset()


@dataclass(frozen=True, slots=True)
class MismatchedTypes:
    """A shared field whose subgraphs differ in its run-time types; `partial` where they have some in common."""

    state: State
    field: Field
    vertices: tuple[Vertex, ...]
    partial: bool


@dataclass(frozen=True, slots=True)
class CalledTwice:
    """A mutation's field that is in several subgraphs, none of which leads to all that may be selected.

    It is not called in more than one, as that would change things twice; `problems` are by subgraph.
    """

    state: State
    field: Field
    problems: tuple[tuple[int, Unsatisfiable], ...]


Problem: TypeAlias = Unsatisfiable | MismatchedTypes | CalledTwice
