"""How large an operation is, by Apollo's four measures, found in one walk.

Each fragment is measured once, however often it is spread: what it adds to an operation is added as a number. A cycle,
which validation refuses, adds nothing.
"""

from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from msgspec import Struct


class Size(Struct, frozen=True):
    """Fragments count where they are spread.

    `depth` is of nested fields. `height` is how many fields there are, of those with one name in one selection set one.
    `aliases` is how many have an alias. `root_fields` is how many response keys the root has.
    """

    depth: int
    height: int
    aliases: int
    root_fields: int


class _Measured(Struct):
    """One selection set: `names` and `keys` are of its own fields, `below` is the height of what is inside them."""

    names: set[str]
    keys: set[str]
    depth: int = 0
    below: int = 0
    aliases: int = 0

    @property
    def height(self) -> int:
        return len(self.names) + self.below

    def add_field(self, node: FieldNode, inside: "_Measured | None") -> None:
        self.names.add(node.name.value)
        self.keys.add((node.alias or node.name).value)
        self.depth = max(self.depth, 1 + (inside.depth if inside else 0))
        self.below += inside.height if inside else 0
        self.aliases += (inside.aliases if inside else 0) + (node.alias is not None)

    def add(self, fragment: "_Measured") -> None:
        self.names |= fragment.names
        self.keys |= fragment.keys
        self.depth = max(self.depth, fragment.depth)
        self.below += fragment.below
        self.aliases += fragment.aliases


def sizes(document: DocumentNode) -> list[Size]:
    """Those of the document's operations."""
    measure = _Measure(
        {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    )
    return [
        measure.operation(node) for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]


class _Measure:
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, _Measured] = {}

    def operation(self, node: OperationDefinitionNode) -> Size:
        found = self._selection_set(node.selection_set)
        return Size(found.depth, found.height, found.aliases, len(found.keys))

    def _selection_set(self, node: SelectionSetNode) -> _Measured:
        found = _Measured(set(), set())
        for selection in node.selections:
            match selection:
                case FieldNode(selection_set=inner):
                    found.add_field(selection, self._selection_set(inner) if inner else None)
                case InlineFragmentNode(selection_set=inner):
                    found.add(self._selection_set(inner))
                case FragmentSpreadNode(name=name) if name.value in self._fragments:
                    found.add(self._fragment(name.value))
        return found

    def _fragment(self, name: str) -> _Measured:
        if name not in self._known:
            self._known[name] = _Measured(set(), set())
            self._known[name] = self._selection_set(self._fragments[name].selection_set)
        return self._known[name]
