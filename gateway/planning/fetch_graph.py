"""The fetches of a plan while it is being built, with what each selects, needs and waits for."""

from collections.abc import Iterator

from gateway.planning.plan import Path, Representation
from gateway.planning.selection import Conditions, Selection


class SelectedField:
    """A field in a fetch, selected on the type `view` of its subgraph."""

    __slots__ = ("below", "response_key", "selection", "view")

    def __init__(self, selection: Selection, response_key: str, view: str) -> None:
        self.selection = selection
        self.response_key = response_key
        self.view = view
        self.below: SelectedObject | None = None


class SelectedObject:
    """A selection set in a fetch, on `type_name` of its subgraph; `typename` adds `__typename`."""

    __slots__ = ("fields", "type_name", "typename")

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name
        self.typename = False
        self.fields: dict[tuple[str, str, Conditions], SelectedField] = {}

    def add(self, selection: Selection, response_key: str, view: str) -> SelectedField:
        key = (response_key, view, selection.conditions)
        return self.fields.setdefault(key, SelectedField(selection, response_key, view))

    def count(self) -> int:
        """The number of fields with all below."""
        return sum(1 + (field.below.count() if field.below else 0) for field in self.fields.values())


class FetchNode:
    """One fetch from one subgraph for the objects of one path.

    An entity fetch has representations. `needs` are the conditions under which its representations can be made;
    `tells_types` says that it finds out the types of interface objects.
    """

    __slots__ = (
        "id",
        "is_entity",
        "kind",
        "needs",
        "parents",
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
        self.needs: Conditions = ()
        self.tells_types = False
        self.parents: set[FetchNode] = set()
        self.representations: dict[tuple[str, str | None], Representation] = {}


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
