"""A plan made ready to run: once an operation, for all its requests."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from graphql import is_interface_type

from gateway.execution.completion import DeferredShapes, Shapes
from gateway.execution.context import Execution, RequestContext
from gateway.execution.entity_fetch import compile_entity_fetch
from gateway.execution.events import EventPlan
from gateway.execution.nodes import compile_node
from gateway.execution.parts import Parts
from gateway.execution.result import EncodedResult, ExecutionResult, Payload
from gateway.execution.root_fetch import compile_root_fetch
from gateway.execution.runner import Runner
from gateway.execution.typed import Programs
from gateway.planning.plan import Defer, Fetch, PlanNode, QueryPlan, Subscription
from gateway.supergraph import Supergraph


class CompiledPlan:
    """Holds nothing of any request; safe to use by many at the same time. `events` is there for a subscription alone.

    It has two ways to run: typed, for what goes as it should, and a general one for everything else, which takes
    over where the first gives up and sends nothing again that was sent.
    """

    def __init__(
        self,
        run: Runner[Execution] | None,
        shapes: Shapes,
        programs: Programs,
        parts: Parts | None = None,
        events: EventPlan | None = None,
    ) -> None:
        self.events = events
        self._run = run
        self._shapes = shapes
        self._programs = programs
        self._parts = parts

    def prepare(self, variables: Mapping[str, Any]) -> None:
        """Makes now, in the calling thread, what is else made once the operation comes a second time.

        Of `variables` only those of `@skip` and `@include` count.
        """
        self._programs.make(variables)

    def defers(self, variables: Mapping[str, Any]) -> bool:
        """Whether, for these values, some of the answer is to be delivered later (`@defer`)."""
        return self._parts is not None and self._parts.defers(variables)

    def execute_in_parts(
        self, variables: Mapping[str, Any], context: RequestContext
    ) -> AsyncGenerator[Payload, None]:
        """Runs the plan like `execute`, where it defers: the first answer, then what is deferred when it is there.

        Closing it cancels the fetches that are under way.
        """
        assert self._parts is not None, "asked only where `defers` says so"
        return self._parts.execute(variables, context)

    async def execute(
        self, variables: Mapping[str, Any], context: RequestContext
    ) -> ExecutionResult | EncodedResult:
        """Runs the plan with coerced variables, at once. Subgraphs' failures are errors of the result.

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
    types = schema.type_map
    interfaces = frozenset(name for name, kind in types.items() if is_interface_type(kind))

    def compile_fetch(fetch: Fetch) -> Runner[Execution]:
        return compile_entity_fetch(fetch, interfaces) if fetch.entities else compile_root_fetch(fetch)

    def compile_(node: PlanNode) -> Runner[Execution]:
        return compile_node(node, compile_fetch)

    shapes, programs = Shapes(plan, schema), Programs(plan, schema)
    match plan.node:
        case None:
            return CompiledPlan(None, shapes, programs)
        case Subscription(primary, rest):
            events = EventPlan(primary, None if rest is None else compile_(rest), shapes)
            return CompiledPlan(None, shapes, programs, events=events)
        case Defer() as node:
            parts = Parts(node, DeferredShapes(plan, node.deferred, schema), compile_)
            return CompiledPlan(compile_(node.at_once()), shapes, programs, parts)
        case node:
            return CompiledPlan(compile_(node), shapes, programs)
