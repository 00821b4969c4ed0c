"""The shapes that one operation's answer can take, by the values of its `@skip`/`@include` variables."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, OperationDefinitionNode, SelectionSetNode

from gateway.execution.completion.collect_fields import FieldCollector
from gateway.execution.completion.compiler import Compiler
from gateway.execution.conditions import ByConditions
from gateway.execution.errors import ErrorLog
from gateway.execution.introspection import Introspection
from gateway.planning.plan import QueryPlan


class Shape:
    """Completes the root, once what the subgraphs know is joined by what the schema knows of itself."""

    def __init__(self, plan: QueryPlan, fields: FieldCollector, selection_set: SelectionSetNode) -> None:
        root = root_type(fields.schema, plan.operation)
        self._complete = Compiler(fields).object(root, [selection_set], root.name)
        self._introspection = Introspection.of(
            plan.operation, plan.fragments.values(), fields.schema, fields.collect(root, [selection_set])
        )

    def complete(self, data: dict[str, Any], variables: Mapping[str, Any], log: ErrorLog) -> Any:
        if self._introspection is not None:
            data |= self._introspection.answer(variables)
        return self._complete(data, None, log)


class Shapes:
    """The shapes of one operation, made when they are first wanted."""

    def __init__(self, plan: QueryPlan, schema: GraphQLSchema) -> None:
        def make(conditions: Mapping[str, bool]) -> Shape:
            fields = FieldCollector(schema, plan.fragments, conditions)
            return Shape(plan, fields, plan.operation.selection_set)

        self._by_conditions = ByConditions(plan, make)

    def of(self, variables: Mapping[str, Any]) -> Shape:
        return self._by_conditions.of(variables)


def root_type(schema: GraphQLSchema, operation: OperationDefinitionNode) -> GraphQLObjectType:
    root = schema.get_root_type(operation.operation)
    assert root is not None, "validation has seen to it"
    return root
