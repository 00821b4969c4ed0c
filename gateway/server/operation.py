"""From a document's text to an operation that can run: parse, limit, validate, plan, compile."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

from graphql import DocumentNode
from msgspec import Struct

from gateway.execution import CompiledPlan, compile_plan
from gateway.planning import OperationError, Planner
from gateway.planning.plan import QueryPlan, Subscription
from gateway.server.config import RouterConfig
from gateway.server.errors import refused, refused_for
from gateway.server.limits import parse_document, refuse_deep, refuse_introspection
from gateway.server.metrics import Metrics
from gateway.supergraph import Supergraph


class Operation(Struct, frozen=True):
    """A plan and its compiled form, for all values of the operation's variables."""

    plan: QueryPlan
    compiled: CompiledPlan

    @property
    def kind(self) -> str:
        """`query` or `mutation`."""
        return self.plan.operation.operation.value

    @property
    def name(self) -> str | None:
        name = self.plan.operation.name
        return name.value if name else None


class Preparation:
    """Prepares operations of one supergraph in a thread, one at a time, while the event loop goes on."""

    def __init__(self, supergraph: Supergraph, config: RouterConfig, metrics: Metrics) -> None:
        self._supergraph = supergraph
        self._planner = Planner(supergraph)
        self._limits = config.limits
        self._introspection = config.supergraph.introspection
        self._duration = metrics.planning_duration
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="query-planning")

    async def __call__(self, text: str, operation_name: str | None) -> Operation:
        """Raises RequestError for what is no operation of this supergraph or beyond the limits."""
        work = partial(copy_context().run, self.prepare, text, operation_name)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def prepare(self, text: str, operation_name: str | None) -> Operation:
        """The same, in the calling thread."""
        with self._duration.time():
            try:
                plan = self._planner.plan(self._parse(text), operation_name)
                _refuse_unserved(plan)
                return Operation(plan, compile_plan(plan, self._supergraph))
            except OperationError as error:
                raise refused_for(error.errors, error.code) from None
            except RecursionError:
                raise refused("The operation is nested too deeply", "PARSING_ERROR") from None

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _parse(self, text: str) -> DocumentNode:
        document = parse_document(text, self._limits)
        refuse_deep(document, self._limits)
        if not self._introspection:
            refuse_introspection(document)
        return document


def _refuse_unserved(plan: QueryPlan) -> None:
    if isinstance(plan.node, Subscription):
        raise refused("Subscriptions are not served", "UNSUPPORTED_OPERATION")
