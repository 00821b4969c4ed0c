"""A plan made ready to run: once an operation, for all its requests."""

from collections.abc import Mapping
from typing import Any

from graphql import is_interface_type

from gateway.execution.completion import Shapes
from gateway.execution.context import Execution, RequestContext
from gateway.execution.nodes import compile_node
from gateway.execution.result import ExecutionResult
from gateway.execution.runner import Runner
from gateway.planning.plan import QueryPlan
from gateway.supergraph import Supergraph


class CompiledPlan:
    """Holds nothing of any request; safe to use by many at the same time."""

    def __init__(self, run: Runner | None, shapes: Shapes) -> None:
        self._run = run
        self._shapes = shapes

    async def execute(self, variables: Mapping[str, Any], context: RequestContext) -> ExecutionResult:
        """Runs the plan with coerced variables. Subgraphs' failures are errors of the result.

        Cancelling it cancels the fetches that are under way.
        """
        execution = Execution(variables, context)
        if self._run is not None:
            await self._run(execution)
        data = self._shapes.of(variables).complete(execution.data, variables, execution.errors)
        return ExecutionResult(data, execution.errors.errors)


def compile_plan(plan: QueryPlan, supergraph: Supergraph) -> CompiledPlan:
    """The plan as functions made for it. Shapes of the answer are made as requests ask for them."""
    schema = supergraph.api_schema
    interfaces = frozenset(name for name, kind in schema.type_map.items() if is_interface_type(kind))
    run = None if plan.node is None else compile_node(plan.node, interfaces)
    return CompiledPlan(run, Shapes(plan, schema))
