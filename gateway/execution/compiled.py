"""A plan made ready to run: once an operation, for all its requests."""

from collections.abc import Mapping
from typing import Any

from graphql import is_interface_type

from gateway.execution.completion import Shapes
from gateway.execution.context import Execution, RequestContext
from gateway.execution.entity_fetch import compile_entity_fetch
from gateway.execution.nodes import compile_node
from gateway.execution.result import EncodedResult, ExecutionResult
from gateway.execution.root_fetch import compile_root_fetch
from gateway.execution.runner import Runner
from gateway.execution.typed import Programs
from gateway.planning.plan import Fetch, PlanNode, QueryPlan
from gateway.supergraph import Supergraph


class CompiledPlan:
    """Holds nothing of any request; safe to use by many at the same time.

    It has two ways to run: typed, for what goes as it should, and a general one for everything else, which takes
    over where the first gives up and sends nothing again that was sent.
    """

    def __init__(self, run: Runner[Execution] | None, shapes: Shapes, programs: Programs) -> None:
        self._run = run
        self._shapes = shapes
        self._programs = programs

    def prepare(self, variables: Mapping[str, Any]) -> None:
        """Makes now, in the calling thread, what is else made once the operation comes a second time.

        Of `variables` only those of `@skip` and `@include` count.
        """
        self._programs.make(variables)

    async def execute(
        self, variables: Mapping[str, Any], context: RequestContext
    ) -> ExecutionResult | EncodedResult:
        """Runs the plan with coerced variables. Subgraphs' failures are errors of the result.

        Cancelling it cancels the fetches that are under way.
        """
        execution = Execution(variables, context)
        program = self._programs.of(variables)
        if program is not None:
            encoded = await program.run(execution)
            if encoded is not None:
                return EncodedResult(encoded)
        if self._run is not None:
            await self._run(execution)
        data = self._shapes.of(variables).complete(execution.data, variables, execution.errors)
        return ExecutionResult(data, execution.errors.errors)


def compile_plan(plan: QueryPlan, supergraph: Supergraph) -> CompiledPlan:
    """The plan as code made for it; what depends on the values of conditions is made as requests ask for it."""
    schema = supergraph.api_schema
    run = None if plan.node is None else _compile_general(plan.node, supergraph)
    return CompiledPlan(run, Shapes(plan, schema), Programs(plan, schema))


def _compile_general(node: PlanNode, supergraph: Supergraph) -> Runner[Execution]:
    types = supergraph.api_schema.type_map
    interfaces = frozenset(name for name, kind in types.items() if is_interface_type(kind))

    def compile_fetch(fetch: Fetch) -> Runner[Execution]:
        return compile_entity_fetch(fetch, interfaces) if fetch.entities else compile_root_fetch(fetch)

    return compile_node(node, compile_fetch)
