"""How many objects an operation's answer has at a path, by the sizes of the lists on the way."""

from collections.abc import Iterator, Mapping

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from gateway.planning.plan import Each, Key, Path, QueryPlan
from gateway.server.demand.amounts import Amount, times
from gateway.server.demand.formula import Formula, list_count

_Selected = list[tuple[SelectionSetNode, str]]


class Places:
    """Counts objects of one operation; `list_size` is how long a list is where nothing says so.

    On the way through what only planning has asked for every list has that size.
    """

    def __init__(self, formula: Formula, plan: QueryPlan, root_type: str, list_size: int) -> None:
        self._formula = formula
        self._plan = plan
        self._root: _Selected = [(plan.operation.selection_set, root_type)]
        self._list_size = list_size

    def count(self, path: Path) -> Amount:
        """A list of lists counts once, as it does in the cost of its field."""
        selected, size, found = self._root, _ONE, _ONE
        below: Mapping[str, Amount] = {}
        for step in path:
            if isinstance(step, Key):
                nodes = list(self._named(selected, step.name))
                size, below = self._size(nodes, below)
                selected = [inner for node, parent in nodes for inner in self._inside(node, parent)]
            elif isinstance(step, Each):
                found, size = times(found, size), _ONE
        return found

    def _size(
        self, nodes: list[tuple[FieldNode, str]], below: Mapping[str, Amount]
    ) -> tuple[Amount, Mapping[str, Amount]]:
        if not nodes:
            return self._list_size, {}
        node, parent = nodes[0]
        told = self._formula.lists.of(parent, node, self._list_size)
        return list_count(node.name.value, told, below, self._list_size), told.below

    def _inside(self, node: FieldNode, parent: str) -> Iterator[tuple[SelectionSetNode, str]]:
        declared = self._formula.field_type(parent, node.name.value)
        if declared and node.selection_set:
            yield node.selection_set, declared[0]

    def _named(self, selected: _Selected, key: str) -> Iterator[tuple[FieldNode, str]]:
        """The fields with the response key `key`, each with the type that it is selected on."""
        pending, spread = list(reversed(selected)), set[str]()
        while pending:
            selection_set, parent = pending.pop()
            for node in selection_set.selections:
                match node:
                    case FieldNode() if (node.alias or node.name).value == key:
                        yield node, parent
                    case InlineFragmentNode(type_condition=condition, selection_set=inner):
                        pending.append((inner, condition.name.value if condition else parent))
                    case FragmentSpreadNode(name=name) if name.value not in spread:
                        spread.add(name.value)
                        fragment = self._plan.fragments[name.value]
                        pending.append((fragment.selection_set, fragment.type_condition.name.value))


_ONE: Amount = 1
