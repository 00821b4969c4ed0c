"""The router's core in one call: what a conformance test asks of it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from common.http import Transport
from gateway.execution import RequestContext, VariableError, coerce_variables, compile_plan
from gateway.planning import OperationError, Planner
from gateway.supergraph import Supergraph


async def answer(
    supergraph: Supergraph, subgraphs: Mapping[str, Transport], operation: str, variables: Mapping[str, Any]
) -> dict[str, Any]:
    """The response to an operation as a client would read it; `subgraphs` are transports by name."""
    try:
        plan = Planner(supergraph).plan(operation)
        values = coerce_variables(plan.operation, supergraph.api_schema, variables)
    except (OperationError, VariableError) as error:
        return {"errors": [each.formatted for each in error.errors]}
    context = RequestContext(transports=subgraphs, headers=lambda _: ())
    compiled = compile_plan(plan, supergraph)
    compiled.prepare(values)
    result = await compiled.execute(values, context)
    body: dict[str, Any] = msgspec.json.decode(result.encode())
    return body
