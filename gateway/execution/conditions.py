"""What an operation needs once for each combination of the variables of its `@skip`, `@include` and `@defer`."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from graphql import VariableNode, Visitor, visit
from graphql.language import DirectiveNode

from gateway.planning.plan import QueryPlan

_MAX_COMBINATIONS = 32

Made = TypeVar("Made")


class ByConditions(Generic[Made]):
    """Makes what is wanted when it is first wanted and keeps what was used last."""

    def __init__(self, plan: QueryPlan, make: Callable[[Mapping[str, bool]], Made]) -> None:
        self._make = make
        self._names = _condition_variables(plan)
        self._made: OrderedDict[tuple[bool, ...], Made] = OrderedDict()

    def of(self, variables: Mapping[str, Any]) -> Made:
        values = tuple([bool(variables.get(name)) for name in self._names])
        try:
            made = self._made[values]
        except KeyError:
            made = self._made[values] = self._make(dict(zip(self._names, values, strict=True)))
            if len(self._made) > _MAX_COMBINATIONS:
                self._made.popitem(last=False)
        if len(self._made) > 1:
            self._made.move_to_end(values)
        return made


class _ConditionVisitor(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        if node.name.value not in {"skip", "include", "defer"}:
            return
        for argument in node.arguments or ():
            if argument.name.value == "if" and isinstance(argument.value, VariableNode):
                self.names[argument.value.name.value] = None


def _condition_variables(plan: QueryPlan) -> tuple[str, ...]:
    visitor = _ConditionVisitor()
    for node in (plan.operation, *plan.fragments.values()):
        visit(node, visitor)
    return tuple(visitor.names)
