"""Runs query plans: what is compiled once for an operation, and one request of it.

It is given a plan and transports, and gives data and errors. Planning, HTTP towards the client and the
masking of errors are others' business.
"""

from gateway.execution.compiled import CompiledPlan, compile_plan
from gateway.execution.context import RequestContext
from gateway.execution.events import EventPlan
from gateway.execution.result import EncodedResult, ExecutionResult, Payload
from gateway.execution.variables import VariableError, coerce_variables

__all__ = [
    "CompiledPlan",
    "EncodedResult",
    "EventPlan",
    "ExecutionResult",
    "Payload",
    "RequestContext",
    "VariableError",
    "coerce_variables",
    "compile_plan",
]
