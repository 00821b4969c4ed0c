"""From a document's text to an operation that can run: parse, limit, validate, plan, compile."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from graphql import DocumentNode, OperationDefinitionNode
from msgspec import Struct

from gateway.execution import CompiledPlan, compile_plan
from gateway.planning import OperationError, Planner
from gateway.planning.authorization import guards_of
from gateway.planning.operation import check_operation, choose_operation, with_defer
from gateway.planning.plan import Defer, QueryPlan, Subscription
from gateway.planning.refusal import NOTHING_REFUSED, Refusal
from gateway.server.config import RouterConfig
from gateway.server.demand.control import DemandController, Pricing
from gateway.server.errors import refused, refused_for
from gateway.server.limits.checking import LimitCheck
from gateway.server.limits.introspection import refuse_introspection
from gateway.server.limits.parsing import parse_document
from gateway.server.metrics import Metrics
from gateway.server.normal_form import normal_form
from gateway.server.persisted_queries.safelist import Safelist
from gateway.supergraph import Supergraph
from gateway.supergraph.authorization import NO_GUARDS, Guards

T = TypeVar("T")


class Operation(Struct, frozen=True):
    """A plan and its compiled form, for all values of the operation's variables; `cost` under demand control alone.

    `digest` is of the operation's normal form.
    """

    plan: QueryPlan
    compiled: CompiledPlan
    cost: Pricing | None = None
    digest: bytes = b""

    @property
    def kind(self) -> str:
        """`query`, `mutation` or `subscription`."""
        return self.plan.operation.operation.value

    @property
    def name(self) -> str | None:
        name = self.plan.operation.name
        return name.value if name else None


class Document(Struct, frozen=True):
    """A parsed document within the limits, and which of its operations is meant; equal `form`, equal plan.

    `guards` are those that the operation's fields are behind.
    """

    node: DocumentNode
    operation_name: str | None
    form: bytes
    guards: Guards = NO_GUARDS


class Preparation:
    """Prepares operations of one supergraph in a thread, one at a time, while the event loop goes on.

    Its methods raise RequestError for what is no operation of this supergraph or beyond the limits.
    """

    def __init__(
        self,
        supergraph: Supergraph,
        config: RouterConfig,
        metrics: Metrics,
        *,
        safelist: Safelist | None = None,
        demand: DemandController | None = None,
    ) -> None:
        self._supergraph = supergraph
        self._schema = with_defer(supergraph.api_schema)
        self._planner = Planner(supergraph)
        self._limits = config.limits.in_force()
        self._check_limits = LimitCheck(self._limits, metrics.count_exceeded).check
        self._safelist = safelist
        self._demand = demand
        self._is_guarded = bool(supergraph.authorization) and config.authorization.directives.enabled
        self._introspection = config.supergraph.introspection
        self._defers = config.supergraph.defer_support
        self._subscribes = config.subscription.enabled
        self._duration = metrics.planning_duration
        self._observe_effort = metrics.observe_effort
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="query-planning")

    async def read(self, text: str, operation_name: str | None) -> Document:
        """The document; one with more than its operation needs is valid, any other is validated when it is planned."""
        return await self._in_thread(partial(self._read, text, operation_name))

    async def plan(
        self,
        document: Document,
        override_labels: frozenset[str] = frozenset(),
        refusal: Refusal = NOTHING_REFUSED,
    ) -> Operation:
        """The operation, planned under the labels of progressive overrides that are on, without what is refused."""
        return await self._in_thread(partial(self._plan, document, override_labels, refusal))

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        run = partial(copy_context().run, _refusing, work)
        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def _read(self, text: str, operation_name: str | None) -> Document:
        node = parse_document(text, self._limits)
        self._check_limits(node)
        if not self._introspection:
            refuse_introspection(node)
        if self._safelist is not None:
            self._safelist.check(node, text)
        operation = choose_operation(node, operation_name)
        form = normal_form(node, operation)
        if not form.is_whole:
            check_operation(self._schema, node, operation_name)
        return Document(node, operation_name, form.digest, self._guards(node, operation))

    def _guards(self, document: DocumentNode, operation: OperationDefinitionNode) -> Guards:
        root_type = self._supergraph.roots.get(operation.operation.value)
        if not self._is_guarded or root_type is None:
            return NO_GUARDS
        return guards_of(self._supergraph.authorization, root_type, document, operation)

    def _plan(self, document: Document, override_labels: frozenset[str], refusal: Refusal) -> Operation:
        with self._duration.time():
            plan = self._planner.plan(document.node, document.operation_name, override_labels, refusal)
            self._observe_effort(plan.effort)
            self._refuse_unserved(plan)
            cost = self._demand.price(plan) if self._demand else None
            return Operation(plan, compile_plan(plan, self._supergraph), cost, document.form)

    def _refuse_unserved(self, plan: QueryPlan) -> None:
        if isinstance(plan.node, Subscription) and not self._subscribes:
            raise refused("Subscriptions are switched off", "UNSUPPORTED_OPERATION")
        if isinstance(plan.node, Defer) and not self._defers:
            raise refused("@defer is switched off", "UNSUPPORTED_OPERATION")


def _refusing(work: Callable[[], T]) -> T:
    try:
        return work()
    except OperationError as error:
        raise refused_for(error.errors, error.code) from None
    except RecursionError:
        raise refused("The operation is nested too deeply", "PARSING_ERROR") from None
