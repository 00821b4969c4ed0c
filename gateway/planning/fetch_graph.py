"""The fetches of a plan while it is being built, with what each selects, needs and waits for."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from gateway.planning.plan import Path, Representation
from gateway.planning.selection import Conditions, Selection


class ContextValue(NamedTuple):
    """A value that is read from an object above; the members are those of `ContextArgument`."""

    type: str
    depth: int
    sources: tuple[Path, ...]


ContextValues: TypeAlias = tuple[tuple[str, ContextValue], ...]
"""Values of contexts by the names of the arguments that they are for."""


class SelectedField:
    """A field in a fetch, selected on the type `view` of its subgraph; it takes arguments from `context`."""

    __slots__ = ("below", "context", "response_key", "selection", "view")

    def __init__(
        self, selection: Selection, response_key: str, view: str, context: ContextValues = ()
    ) -> None:
        self.selection = selection
        self.response_key = response_key
        self.view = view
        self.context = context
        self.below: SelectedObject | None = None


class SelectedObject:
    """A selection set in a fetch, on `type_name` of its subgraph; `typename` adds `__typename`."""

    __slots__ = ("fields", "type_name", "typename")

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name
        self.typename = False
        self.fields: dict[tuple[str, str, Conditions], SelectedField] = {}

    def add(
        self, selection: Selection, response_key: str, view: str, context: ContextValues = ()
    ) -> SelectedField:
        key = (response_key, view, selection.conditions)
        return self.fields.setdefault(key, SelectedField(selection, response_key, view, context))

    def count(self) -> int:
        """The number of fields with all below."""
        return sum(1 + (field.below.count() if field.below else 0) for field in self.fields.values())


class FetchNode:
    """One fetch from one subgraph for the objects of one path.

    An entity fetch has representations. `level` is the longest chain of fetches that ends with it, `needs` are the conditions under which its representations can be made,
    `context` the values that it takes from objects above; `tells_types` says that it finds out the types of
    interface objects. `part` is the deferred part that it belongs to.
    """

    __slots__ = (
        "context",
        "id",
        "is_entity",
        "kind",
        "level",
        "needs",
        "parents",
        "part",
        "path",
        "representations",
        "selected",
        "subgraph",
        "tells_types",
    )

    def __init__(
        self,
        identity: int,
        subgraph: str,
        kind: str,
        path: Path,
        selected: SelectedObject,
        *,
        is_entity: bool,
    ) -> None:
        self.id = identity
        self.subgraph = subgraph
        self.kind = kind
        self.path = path
        self.selected = selected
        self.is_entity = is_entity
        self.part: int | None = None
        self.needs: Conditions = ()
        self.context: tuple[ContextValue, ...] = ()
        self.tells_types = False
        self.parents: set[FetchNode] = set()
        self.level = 1
        self.representations: dict[tuple[str, str | None], Representation] = {}

    def wait_for(self, parents: set["FetchNode"]) -> None:
        self.parents = parents
        self.level = 1 + max((parent.level for parent in parents), default=0)

    def take(self, context: Iterable[ContextValue]) -> None:
        """Values of contexts for the fields of the fetch, besides those that it has."""
        self.context = tuple(dict.fromkeys((*self.context, *context)))


class FetchGraph:
    """All fetches of an operation, or of one step of a mutation, and the selections that none of them answers."""

    def __init__(self) -> None:
        self.nodes: list[FetchNode] = []
        self.unreached: list[Selection] = []

    def __iter__(self) -> Iterator[FetchNode]:
        return iter(self.nodes)

    def add(
        self, subgraph: str, kind: str, path: Path, selected: SelectedObject, *, is_entity: bool
    ) -> FetchNode:
        node = FetchNode(len(self.nodes), subgraph, kind, path, selected, is_entity=is_entity)
        self.nodes.append(node)
        return node
