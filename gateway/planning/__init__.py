"""Operation and supergraph to query plan. Pure: no I/O, no event loop."""

from gateway.planning.errors import OperationError
from gateway.planning.plan import QueryPlan
from gateway.planning.planner import Planner

__all__ = ["OperationError", "Planner", "QueryPlan"]
