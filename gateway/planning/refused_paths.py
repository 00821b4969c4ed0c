"""Where an operation's answer has refused fields: each position once, and under which conditions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.planning.errors import OperationError
from gateway.planning.normalization import FIELDS_LIMIT, conditions_of
from gateway.planning.refusal import RefusedPath, is_refused
from gateway.planning.selection import Conditions
from gateway.supergraph.model import SupergraphType


class _Selected(NamedTuple):
    """A selection set on the type `parent`, selected under `conditions`."""

    selection_set: SelectionSetNode
    parent: str
    conditions: Conditions


class RefusedPaths:
    """Finds the paths of a marked operation."""

    def __init__(
        self, types: Mapping[str, SupergraphType], fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._types = types
        self._fragments = fragments
        self._leads: dict[int, bool] = {}
        self._fields = 0

    def find(self, operation: OperationDefinitionNode, root_type: str) -> tuple[RefusedPath, ...]:
        """Raises OperationError (QUERY_PLAN_COMPLEXITY_EXCEEDED) for more than FIELDS_LIMIT fields on the way."""
        return tuple(self._at((), [_Selected(operation.selection_set, root_type, ())]))

    def _at(self, path: tuple[str, ...], selected: Iterable[_Selected]) -> Iterator[RefusedPath]:
        refused: dict[str, list[Conditions]] = {}
        below: dict[str, list[_Selected]] = {}
        lists: set[str] = set()
        visited: set[tuple[str, Conditions]] = set()
        for part in selected:
            for node, parent, conditions in self._fields_of(part, visited):
                key = (node.alias or node.name).value
                if is_refused(node):
                    refused.setdefault(key, []).append(conditions)
                elif node.selection_set and self._leads_to_refused(node.selection_set):
                    declared = self._types[parent].fields[node.name.value].type
                    below.setdefault(key, []).append(_Selected(node.selection_set, declared.name, conditions))
                    if declared.depth:
                        lists.add(key)
        for key, conditions_found in refused.items():
            yield RefusedPath((*path, key), tuple(dict.fromkeys(conditions_found)))
        for key, inner in below.items():
            yield from self._at((*path, key, "@") if key in lists else (*path, key), inner)

    def _fields_of(
        self, part: _Selected, visited: set[tuple[str, Conditions]]
    ) -> Iterator[tuple[FieldNode, str, Conditions]]:
        self._fields += 1
        if self._fields > FIELDS_LIMIT:
            raise OperationError.for_complexity(FIELDS_LIMIT)
        for node in part.selection_set.selections:
            conditions = conditions_of(node.directives or (), part.conditions)
            if conditions is None:
                continue
            match node:
                case FieldNode():
                    yield node, part.parent, conditions
                case InlineFragmentNode(type_condition=condition, selection_set=inner):
                    type_name = condition.name.value if condition else part.parent
                    yield from self._fields_of(_Selected(inner, type_name, conditions), visited)
                case FragmentSpreadNode(name=name) if (name.value, conditions) not in visited:
                    visited.add((name.value, conditions))
                    fragment = self._fragments[name.value]
                    inner_part = _Selected(
                        fragment.selection_set, fragment.type_condition.name.value, conditions
                    )
                    yield from self._fields_of(inner_part, visited)

    def _leads_to_refused(self, selection_set: SelectionSetNode) -> bool:
        known = self._leads.get(id(selection_set))
        if known is None:
            known = self._leads[id(selection_set)] = any(map(self._is_or_leads, selection_set.selections))
        return known

    def _is_or_leads(self, node: object) -> bool:
        match node:
            case FieldNode(selection_set=inner):
                return is_refused(node) or bool(inner and self._leads_to_refused(inner))
            case InlineFragmentNode(selection_set=inner):
                return self._leads_to_refused(inner)
            case FragmentSpreadNode(name=name):
                return self._leads_to_refused(self._fragments[name.value].selection_set)
        return False
