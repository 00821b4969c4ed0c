"""What of an error a client sees: refusals with their code, defects as `INTERNAL_SERVER_ERROR` and nothing more."""

import logging
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError

from common.errors import DomainError

INTERNAL = "INTERNAL_SERVER_ERROR"


def format_error(error: GraphQLError, log: logging.Logger) -> dict[str, Any]:
    """The error as the response carries it (GraphQL specification, section 7.1.2); a defect is logged in full."""
    cause = error.original_error
    if isinstance(cause, DomainError):
        return _shown(error, cause.message, {"code": cause.code, **cause.extensions})
    if cause is None or isinstance(cause, GraphQLError):
        return _shown(error, error.message, {"code": _request_code(error), **(error.extensions or {})})
    log.error("Unexpected error at %s", error.path, exc_info=cause)
    return _shown(error, "Internal error", {"code": INTERNAL})


def _shown(error: GraphQLError, message: str, extensions: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": message}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        shown["path"] = error.path
    return {**shown, "extensions": extensions}


def _request_code(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    return INTERNAL if error.path else "GRAPHQL_VALIDATION_FAILED"
