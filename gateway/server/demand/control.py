"""What happens to an operation by its estimated cost: it is measured, refused, or kept from one subgraph.

What it has cost in the end is measured, too, and refuses nothing: the work is done by then.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from common.http import Request, Response, Transport
from gateway.execution.errors import Mask
from gateway.planning.plan import QueryPlan
from gateway.server.config.limits import DemandControl
from gateway.server.demand.amounts import CostError, Variables
from gateway.server.demand.estimation import Cost, Estimate, estimate
from gateway.server.demand.formula import Formula
from gateway.server.demand.spending import Counting, Spending
from gateway.server.errors import RequestError, error_body
from gateway.supergraph import Supergraph

OK = "COST_OK"
TOO_EXPENSIVE = "COST_ESTIMATED_TOO_EXPENSIVE"
SUBGRAPH_TOO_EXPENSIVE = "SUBGRAPH_COST_ESTIMATED_TOO_EXPENSIVE"
ACTUAL_TOO_EXPENSIVE = "COST_ACTUAL_TOO_EXPENSIVE"
UNKNOWN = "COST_QUERY_PARSE_FAILURE"
_log = logging.getLogger("hansa.router")


class Observe(NamedTuple):
    """Are told the result of every request: with its estimate, and in the end with its actual cost and its estimate."""

    estimated: Callable[[str, int], None]
    actual: Callable[[str, int, int], None]


class Pricing(Struct, frozen=True):
    """How the cost of one operation is estimated, and counted in the end."""

    estimate: Estimate
    counting: Counting


class Admission(NamedTuple):
    """What becomes of a request that is run.

    `refused` stand for the transports of those subgraphs that would cost too much; there are none where it only
    measures. `spending` counts what it costs; None where there is no estimate.
    """

    refused: Mapping[str, "Refusing"]
    spending: Spending | None


NOT_CONTROLLED = Admission({}, None)


class DemandController:
    """Holds operations to the configured costs."""

    def __init__(self, supergraph: Supergraph, config: DemandControl, observe: Observe) -> None:
        self._supergraph = supergraph
        self._costs = config.strategy.static_estimated
        self._enforces = config.mode == "enforce"
        self._formula = Formula(supergraph, self._costs.list_size_of)
        self._observe = observe

    def price(self, plan: QueryPlan) -> Pricing:
        """The costs of an operation, to be kept with it."""
        counting = Counting.of(plan, self._formula, self._costs.actual_cost_mode)
        return Pricing(estimate(plan, self._supergraph, self._formula), counting)

    def admit(self, prepared: Pricing, variables: Variables) -> Admission:
        """Raises RequestError for an operation that is too expensive as a whole."""
        try:
            cost = prepared.estimate.of(variables)
        except CostError as error:
            return self._without_estimate(error)
        limit = self._costs.max
        is_dear = cost.total > limit
        result = TOO_EXPENSIVE if is_dear else OK
        self._observe.estimated(result, cost.total)
        if is_dear and self._enforces:
            raise RequestError(400, [_too_expensive(TOO_EXPENSIVE, cost.total, limit)], well_formed=True)
        spending = Spending(prepared.counting, variables, partial(self._tell, result, cost.total))
        return Admission(self._refused(cost) if self._enforces else {}, spending)

    def _tell(self, result: str, estimated: int, actual: int) -> None:
        is_dear = actual > self._costs.max
        self._observe.actual(ACTUAL_TOO_EXPENSIVE if is_dear else result, actual, estimated)

    def _without_estimate(self, error: CostError) -> Admission:
        if self._enforces:
            raise RequestError(400, [error_body(str(error), UNKNOWN)], well_formed=True) from None
        _log.warning("The cost of an operation could not be estimated: %s", error)
        return NOT_CONTROLLED

    def _refused(self, cost: Cost) -> dict[str, "Refusing"]:
        found = {}
        for name, amount in cost.by_subgraph.items():
            limit = self._costs.max_of(name)
            if limit is not None and amount > limit:
                found[name] = Refusing(_too_expensive(SUBGRAPH_TOO_EXPENSIVE, amount, limit))
        return found


def open_demand_control(
    supergraph: Supergraph, config: DemandControl | None, observe: Observe
) -> DemandController | None:
    """The controller of a configuration; None where it is off."""
    return DemandController(supergraph, config, observe) if config and config.enabled else None


class Refusing:
    """A transport that sends nothing: every request is answered by one error."""

    url = ""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self._response = Response(200, (), msgspec.json.encode({"data": None, "errors": [error]}))

    async def send(self, _request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        del timeout
        return self._response

    async def close(self) -> None:
        """There is nothing to close."""


def _too_expensive(code: str, cost: int, limit: float) -> dict[str, Any]:
    message = f"The estimated cost of {cost} is more than the maximum of {limit:g}"
    return error_body(message, code, **{"cost.estimated": cost, "cost.max": limit})


def with_refused(
    transports: Mapping[str, Transport], refused: Mapping[str, Refusing]
) -> Mapping[str, Transport]:
    """The transports with those that refuse in their places."""
    return {**transports, **refused} if refused else transports


def unmasked(mask: Mask, refused: Mapping[str, Refusing]) -> Mask:
    """The mask for all errors but those of refused requests: they are the router's own."""
    if not refused:
        return mask
    return lambda subgraph, error: error if subgraph in refused else mask(subgraph, error)
