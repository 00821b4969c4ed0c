"""What happens to an operation by its estimated cost: it is measured, refused, or kept from one subgraph."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from common.http import Request, Response, Transport
from gateway.execution.errors import Mask
from gateway.planning.plan import QueryPlan
from gateway.server.config.limits import DemandControl
from gateway.server.demand.amounts import CostError, Variables
from gateway.server.demand.estimation import Cost, Estimate, estimate
from gateway.server.demand.formula import Formula
from gateway.server.errors import RequestError, error_body
from gateway.supergraph import Supergraph

OK = "COST_OK"
TOO_EXPENSIVE = "COST_ESTIMATED_TOO_EXPENSIVE"
SUBGRAPH_TOO_EXPENSIVE = "SUBGRAPH_COST_ESTIMATED_TOO_EXPENSIVE"
UNKNOWN = "COST_QUERY_PARSE_FAILURE"
Observe = Callable[[str, int], None]
_log = logging.getLogger("hansa.router")


class DemandController:
    """Holds operations to the configured costs. `observe` is told the result and the estimate of every request."""

    def __init__(self, supergraph: Supergraph, config: DemandControl, observe: Observe) -> None:
        self._supergraph = supergraph
        self._costs = config.strategy.static_estimated
        self._enforces = config.mode == "enforce"
        self._formula = Formula(supergraph, self._costs.list_size_of)
        self._observe = observe

    def estimate(self, plan: QueryPlan) -> Estimate:
        """The cost of an operation, to be kept with it."""
        return estimate(plan, self._supergraph, self._formula)

    def admit(self, prepared: Estimate, variables: Variables) -> dict[str, "Refusing"]:
        """Stands for the transports of those subgraphs that would cost too much; there are none where it only measures.

        Raises RequestError for an operation that is too expensive as a whole.
        """
        try:
            cost = prepared.of(variables)
        except CostError as error:
            return self._without_estimate(error)
        limit = self._costs.max
        is_dear = cost.total > limit
        self._observe(TOO_EXPENSIVE if is_dear else OK, cost.total)
        if is_dear and self._enforces:
            raise RequestError(400, [_too_expensive(TOO_EXPENSIVE, cost.total, limit)], well_formed=True)
        return self._refused(cost) if self._enforces else {}

    def _without_estimate(self, error: CostError) -> dict[str, "Refusing"]:
        if self._enforces:
            raise RequestError(400, [error_body(str(error), UNKNOWN)], well_formed=True) from None
        _log.warning("The cost of an operation could not be estimated: %s", error)
        return {}

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
