"""Completers for the positions of one operation, with known values of its conditions."""

from collections.abc import Sequence
from typing import Any, cast

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_interface_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from gateway.execution.completion.collect_fields import CompositeType, FieldCollector, RuntimeType
from gateway.execution.completion.completer import (
    Completer,
    Link,
    report_mismatch,
    report_null,
    report_unresolved,
)
from gateway.execution.completion.leaves import FAST_CHECKS, leaf_completer
from gateway.execution.completion.object_source import Member, compile_object
from gateway.execution.errors import ErrorLog
from gateway.execution.introspection import INTROSPECTION_FIELDS
from gateway.planning.refusal import is_refused


class Compiler:
    def __init__(self, fields: FieldCollector) -> None:
        self._fields = fields

    def object(
        self, runtime_type: RuntimeType, sets: Sequence[SelectionSetNode], coordinate: str
    ) -> Completer:
        """The completer of objects of `runtime_type` at the position that `coordinate` describes."""
        grouped = self._fields.collect(runtime_type, sets)
        members = [self._member(runtime_type, key, nodes) for key, nodes in grouped.items()]
        return compile_object(runtime_type.name, coordinate, members)

    def _member(self, parent: RuntimeType, key: str, nodes: list[FieldNode]) -> Member:
        name = nodes[0].name.value
        coordinate = f"{parent.name}.{name}"
        if name == "__typename":
            return Member(key, coordinate, non_null=True, completer=None, constant=parent.name)
        if name in INTROSPECTION_FIELDS:  # completed by what has answered it
            return Member(key, coordinate, non_null=False, completer=None)
        declared: Any = self._field(parent, name).type
        non_null = is_non_null_type(declared)
        if is_refused(nodes[0]):
            return Member(key, coordinate, non_null=non_null, completer=None, is_refused=True)
        nullable: Any = declared.of_type if non_null else declared
        return Member(
            key,
            coordinate,
            non_null=non_null,
            completer=self._value(nullable, nodes, coordinate),
            fast_check=FAST_CHECKS.get(nullable.name) if is_leaf_type(nullable) else None,
        )

    def composite(self, named: Any, sets: list[SelectionSetNode], coordinate: str) -> Completer:
        """The completer of objects of an object type or of an abstract one."""
        if is_object_type(named):
            return self.object(named, sets, coordinate)
        assert is_abstract_type(named)
        return self._abstract(named, sets, coordinate)

    def _value(self, nullable: Any, nodes: list[FieldNode], coordinate: str) -> Completer | None:
        """None where every value stands as it is."""
        if is_list_type(nullable):
            return self._list(nullable.of_type, nodes, coordinate)
        if is_leaf_type(nullable):
            return leaf_completer(nullable, coordinate)
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        return self.composite(nullable, sets, coordinate)

    def _list(self, item_type: GraphQLOutputType, nodes: list[FieldNode], coordinate: str) -> Completer:
        non_null = is_non_null_type(item_type)
        nullable: Any = item_type.of_type if is_non_null_type(item_type) else item_type
        complete_item = self._value(nullable, nodes, coordinate) or _as_it_is
        expected = f"list of {get_named_type(nullable).name}"

        def complete(value: Any, link: Link, log: ErrorLog) -> Any:
            if value.__class__ is not list:
                return report_mismatch(log, link, coordinate, expected)
            if not non_null:
                return [
                    None if item is None else complete_item(item, (link, index), log)
                    for index, item in enumerate(value)
                ]
            items = []
            for index, item in enumerate(value):
                if item is None:
                    return report_null(log, (link, index), coordinate)
                completed = complete_item(item, (link, index), log)
                if completed is None:
                    return None
                items.append(completed)
            return items

        return complete

    def _abstract(
        self, abstract: GraphQLAbstractType, sets: list[SelectionSetNode], coordinate: str
    ) -> Completer:
        """Compiles for a type when the first object of it comes: of many possible ones, few do."""
        completers: dict[str, Completer] = {}

        def complete(value: Any, link: Link, log: ErrorLog) -> Any:
            typename: Any = value.get("__typename", abstract.name) if value.__class__ is dict else None
            if typename.__class__ is not str:
                return report_unresolved(log, link, coordinate, abstract.name)
            if typename not in completers:
                known = self._resolve(abstract, typename, sets)
                if known is None:
                    return report_unresolved(log, link, coordinate, abstract.name)
                completers[typename] = self.object(known, sets, coordinate)
            return completers[typename](value, link, log)

        return complete

    def _resolve(
        self, abstract: GraphQLAbstractType, typename: str, sets: list[SelectionSetNode]
    ) -> CompositeType | None:
        """The type that an object of this name is completed as.

        A subgraph knows an interface object by an interface's name only, or plans do not ask for it. That
        is enough where nothing of the selection depends on the runtime type.
        """
        schema = self._fields.schema
        named = schema.type_map.get(typename)
        if is_object_type(named):
            return named if schema.is_sub_type(abstract, named) else None
        if not is_interface_type(named):
            return None
        known = named if named is abstract or schema.is_sub_type(abstract, named) else abstract
        if not is_interface_type(known) or self._fields.depends_on_runtime_type(known, sets):
            return None
        return known

    def _field(self, parent: RuntimeType, name: str) -> GraphQLField:
        """A field of the type; of an interface also one that only a type has which all of its objects are of."""
        if name in parent.fields or isinstance(parent, GraphQLObjectType):
            return cast("GraphQLField", parent.fields[name])
        return cast("GraphQLField", self._fields.schema.get_possible_types(parent)[0].fields[name])


def _as_it_is(value: Any, _link: Link, _log: ErrorLog) -> Any:
    return value
