"""The shapes that one operation's answer can take, by the values of its `@skip`/`@include` variables."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, OperationDefinitionNode, VariableNode, Visitor, visit
from graphql.language import DirectiveNode

from gateway.execution.completion.collect_fields import FieldCollector, condition_of
from gateway.execution.completion.compiler import Compiler
from gateway.execution.errors import ErrorLog
from gateway.execution.introspection import Introspection
from gateway.planning.plan import QueryPlan

_MAX_SHAPES = 32


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
    """Makes shapes when they are first wanted and keeps those used last."""

    def __init__(self, plan: QueryPlan, schema: GraphQLSchema) -> None:
        self._plan = plan
        self._schema = schema
        self._conditions = _condition_variables(plan)
        self._shapes: OrderedDict[tuple[bool, ...], Shape] = OrderedDict()

    def of(self, variables: Mapping[str, Any]) -> Shape:
        values = tuple([bool(variables.get(name)) for name in self._conditions])
        shape = self._shapes.get(values)
        if shape is None:
            shape = Shape(self._plan, self._schema, dict(zip(self._conditions, values, strict=True)))
            self._shapes[values] = shape
            if len(self._shapes) > _MAX_SHAPES:
                self._shapes.popitem(last=False)
        elif len(self._shapes) > 1:
            self._shapes.move_to_end(values)
        return shape


def root_type(schema: GraphQLSchema, operation: OperationDefinitionNode) -> GraphQLObjectType:
    root = schema.get_root_type(operation.operation)
    assert root is not None, "validation has seen to it"
    return root


class _ConditionVisitor(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        if node.name.value in {"skip", "include"}:
            value = condition_of(node)
            if isinstance(value, VariableNode):
                self.names[value.name.value] = None


def _condition_variables(plan: QueryPlan) -> tuple[str, ...]:
    visitor = _ConditionVisitor()
    for node in (plan.operation, *plan.fragments.values()):
        visit(node, visitor)
    return tuple(visitor.names)
