"""The shapes of an answer in parts: the first answer without what is deferred, and what each part brings."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_interface_type,
    is_object_type,
)

from gateway.execution.completion.collect_fields import FieldCollector
from gateway.execution.completion.compiler import Compiler
from gateway.execution.completion.completer import Completer, Link
from gateway.execution.completion.shapes import Shape, root_type
from gateway.execution.conditions import ByConditions
from gateway.execution.errors import ErrorLog, Position
from gateway.planning.plan import Deferred, Key, Path, QueryPlan


class DeferredShapes:
    """The shapes of one operation by the values of the variables of `@skip`, `@include` and `@defer`."""

    def __init__(self, plan: QueryPlan, deferred: Sequence[Deferred], schema: GraphQLSchema) -> None:
        self._by_conditions = ByConditions(plan, partial(DeferredShape, plan, deferred, schema))

    def of(self, variables: Mapping[str, Any]) -> "DeferredShape":
        return self._by_conditions.of(variables)


class DeferredShape:
    """`first` completes the first answer."""

    def __init__(
        self,
        plan: QueryPlan,
        deferred: Sequence[Deferred],
        schema: GraphQLSchema,
        conditions: Mapping[str, bool],
    ) -> None:
        later = frozenset(
            id(part.fragment) for part in deferred if part.variable is None or conditions[part.variable]
        )
        self._plan = plan
        self._deferred = deferred
        self._fields = FieldCollector(schema, plan.fragments, conditions, later)
        self._whole = FieldCollector(schema, plan.fragments, conditions)
        self._parts: dict[int, Shape | _PartShape] = {}
        self.first = Shape(plan, self._fields, plan.operation.selection_set)

    def complete(
        self, number: int, value: Any, position: Position, variables: Mapping[str, Any], log: ErrorLog
    ) -> dict[str, Any] | None:
        """What the part brings for the object `value` at `position`; empty where the fragment is not for it."""
        if number not in self._parts:
            self._parts[number] = self._compile(self._deferred[number])
        part = self._parts[number]
        completed: dict[str, Any] | None = (
            part.complete(value, variables, log)
            if isinstance(part, Shape)
            else part.complete(value, position, log)
        )
        return completed

    def _compile(self, part: Deferred) -> "Shape | _PartShape":
        content = _content(part.fragment, self._plan.fragments)
        if not part.path:
            return Shape(self._plan, self._fields, content)
        return _PartShape(self._fields, content, part.fragment, self._whole, self._places(part.path))

    def _places(self, path: Path) -> "list[_Place]":
        """The declared types of the fields at the end of the path, and what is selected of them."""
        places = [
            (root_type(self._fields.schema, self._plan.operation), [self._plan.operation.selection_set])
        ]
        for step in path:
            if isinstance(step, Key):
                places = self._below(places, step.name)
        return places

    def _below(self, places: "list[_Place]", key: str) -> "list[_Place]":
        below: dict[str, _Place] = {}
        for named, sets in places:
            for runtime_type in _possible(self._fields.schema, named):
                for node in self._whole.collect(runtime_type, sets).get(key, ()):
                    inner = get_named_type(runtime_type.fields[node.name.value].type)
                    assert node.selection_set is not None
                    below.setdefault(inner.name, (inner, []))[1].append(node.selection_set)
        return list(below.values())


_Place = tuple[Any, list[SelectionSetNode]]


class _PartShape:
    """Completes what a deferred fragment selects of the objects that it is for, by their types."""

    def __init__(
        self,
        fields: FieldCollector,
        content: SelectionSetNode,
        fragment: InlineFragmentNode | FragmentSpreadNode,
        whole: FieldCollector,
        places: list[_Place],
    ) -> None:
        self._compiler = Compiler(fields)
        self._content = content
        self._fragment = fragment
        self._whole = whole
        self._places = places
        named = places[0][0]
        self._only = named.name if len(places) == 1 and is_object_type(named) else None
        self._completers: dict[str, Completer | None] = {}

    def complete(self, value: Any, position: Position, log: ErrorLog) -> Any:
        name = self._only or value.get("__typename")
        if name.__class__ is not str:
            return {}
        if name not in self._completers:
            self._completers[name] = self._compile(name)
        completer = self._completers[name]
        return {} if completer is None else completer(value, _link(position), log)

    def _compile(self, name: str) -> Completer | None:
        """None for objects that the fragment is not for."""
        runtime_type: Any = self._whole.schema.type_map.get(name)
        if not is_object_type(runtime_type) and not is_interface_type(runtime_type):
            return None
        sets = [each for _, own in self._places for each in own]
        if not self._whole.reaches(runtime_type, sets, self._fragment):
            return None
        return self._compiler.composite(runtime_type, [self._content], name)


def _possible(schema: GraphQLSchema, named: Any) -> Iterable[GraphQLObjectType]:
    return schema.get_possible_types(named) if is_abstract_type(named) else [named]


def _content(
    fragment: InlineFragmentNode | FragmentSpreadNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> SelectionSetNode:
    """What a deferred fragment selects, as a selection that is not deferred."""
    selected = fragment if isinstance(fragment, InlineFragmentNode) else fragments[fragment.name.value]
    return SelectionSetNode(
        selections=(
            InlineFragmentNode(
                type_condition=selected.type_condition, selection_set=selected.selection_set, directives=()
            ),
        )
    )


def _link(position: Position) -> Link:
    link: Link = None
    for key in position:
        link = (link, key)
    return link
