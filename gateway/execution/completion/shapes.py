"""The shapes that one operation's answer can take, by the values of its `@skip`/`@include` variables."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, OperationDefinitionNode

from gateway.execution.completion.collect_fields import FieldCollector
from gateway.execution.completion.compiler import Compiler
from gateway.execution.conditions import ByConditions
from gateway.execution.errors import ErrorLog
from gateway.execution.introspection import Introspection
from gateway.planning.plan import QueryPlan


class Shape:
    """Completes the root, once what the subgraphs know is joined by what the schema knows of itself."""

    def __init__(self, plan: QueryPlan, schema: GraphQLSchema, conditions: Mapping[str, bool]) -> None:
        fields = FieldCollector(schema, plan.fragments, conditions)
        root = root_type(schema, plan.operation)
        sets = [plan.operation.selection_set]
        self._complete = Compiler(fields).object(root, sets, root.name)
        self._introspection = Introspection.of(
            plan.operation, plan.fragments.values(), schema, fields.collect(root, sets)
        )

    def complete(self, data: dict[str, Any], variables: Mapping[str, Any], log: ErrorLog) -> Any:
        if self._introspection is not None:
            data |= self._introspection.answer(variables)
        return self._complete(data, None, log)


class Shapes:
    """The shapes of one operation, made when they are first wanted."""

    def __init__(self, plan: QueryPlan, schema: GraphQLSchema) -> None:
        self._by_conditions = ByConditions(plan, lambda conditions: Shape(plan, schema, conditions))

    def of(self, variables: Mapping[str, Any]) -> Shape:
        return self._by_conditions.of(variables)


def root_type(schema: GraphQLSchema, operation: OperationDefinitionNode) -> GraphQLObjectType:
    root = schema.get_root_type(operation.operation)
    assert root is not None, "validation has seen to it"
    return root
