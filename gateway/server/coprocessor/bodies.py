"""The body of each stage as a coprocessor sees it: text at the router stage, JSON at the others."""

from typing import Any

import msgspec
from msgspec import UNSET

from gateway.server.errors import error_body
from gateway.server.http.parameters import Parameters
from gateway.server.plugins.headers import Headers
from gateway.server.plugins.stages import (
    ExecutionRequest,
    ExecutionResponse,
    GraphQLResponse,
    RouterRequest,
    RouterResponse,
    Stage,
    SubgraphRequest,
    SubgraphResponse,
    SupergraphRequest,
    SupergraphResponse,
)

_STOPPED = "The request was stopped"


def told_body(stage: Stage) -> Any:
    """The stage's body, to be told."""
    match stage:
        case RouterRequest() | RouterResponse():
            return stage.body.decode(errors="replace")
        case SupergraphRequest():
            asked = {
                "query": stage.query,
                "operationName": stage.operation_name,
                "variables": stage.variables,
            }
            return asked | ({"extensions": stage.extensions} if stage.extensions else {})
        case ExecutionRequest():
            return {"query": stage.query, "operationName": stage.operation_name, "variables": stage.variables}
        case GraphQLResponse():
            return msgspec.Raw(stage.encode())
        case SubgraphRequest():
            return stage.body
        case SubgraphResponse():
            return stage.body.decode(errors="replace") if isinstance(stage.body, bytes) else stage.body
    raise TypeError(stage)


def take_body(stage: Stage, body: Any) -> None:
    """Puts another body in its place. Raises msgspec.ValidationError for one that the stage cannot have."""
    match stage:
        case RouterRequest() | RouterResponse():
            stage.body = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
        case SupergraphRequest():
            asked = msgspec.convert(body, Parameters)
            stage.query = asked.query or stage.query
            stage.variables, stage.extensions = asked.variables or {}, asked.extensions or {}
        case ExecutionRequest():
            stage.variables = msgspec.convert(body, Parameters).variables or {}
        case GraphQLResponse():
            told = msgspec.convert(body, type(stage))
            stage.data, stage.errors, stage.extensions = told.data, told.errors, told.extensions
        case SubgraphRequest():
            stage.body = msgspec.convert(body, dict[str, Any])
        case SubgraphResponse():
            stage.body = body


def early(stage: Stage, status: int, body: Any, headers: Headers) -> Any:
    """The response that ends the request at a stage. A text that is no JSON is an error's message."""
    match stage:
        case RouterRequest():
            return RouterResponse(
                status=status, headers=headers, body=msgspec.json.encode(_graphql(_parsed(body)))
            )
        case SupergraphRequest():
            return _response(SupergraphResponse, status, _graphql(body), headers)
        case ExecutionRequest():
            return _response(ExecutionResponse, status, _graphql(body), headers)
        case SubgraphRequest():
            return SubgraphResponse(
                subgraph=stage.subgraph, status=status, headers=headers, body=_graphql(body)
            )
    raise TypeError(stage)


def _response(kind: type[GraphQLResponse], status: int, body: Any, headers: Headers) -> GraphQLResponse:
    response = kind(status=status, headers=headers)
    take_body(response, body)
    return response


def _graphql(body: Any) -> Any:
    if isinstance(body, dict):
        return body
    return {"errors": [error_body(body if isinstance(body, str) else _STOPPED, "ERROR")]}


def _parsed(body: Any) -> Any:
    if body is UNSET or not isinstance(body, str):
        return body
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return body
