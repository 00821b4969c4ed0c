"""What of an error a client sees: refusals with their code, defects as `INTERNAL_SERVER_ERROR` and nothing more.

What would succeed a moment later, as when no connection to the database is free, is a refusal as well.
"""

import logging
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLSyntaxError

from common.database import RetryableError
from common.errors import DomainError, OverloadedError

INTERNAL = "INTERNAL_SERVER_ERROR"


def format_error(error: GraphQLError, log: logging.Logger) -> dict[str, Any]:
    """The error as the response carries it (GraphQL specification, section 7.1.2); a defect is logged in full."""
    cause = error.original_error
    if isinstance(cause, DomainError):
        return _shown(error, cause.message, {"code": cause.code, **cause.extensions})
    if isinstance(cause, RetryableError):
        log.warning("The database had no answer at %s: %s", error.path, cause)
        return _shown(
            error, "Too much is asked for at once; try again in a moment", {"code": OverloadedError.code}
        )
    if (cause is None or isinstance(cause, GraphQLError)) and not _is_about_a_result(error):
        return _shown(error, error.message, {"code": _request_code(error), **(error.extensions or {})})
    log.error("Unexpected error at %s", error.path, exc_info=cause or error)
    return _shown(error, "Internal error", {"code": INTERNAL})


def _shown(error: GraphQLError, message: str, extensions: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": message}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        shown["path"] = error.path
    return {**shown, "extensions": extensions}


def _is_about_a_result(error: GraphQLError) -> bool:
    """Whether a resolver gave what its field's type does not allow; what is wrong with an argument names the argument."""
    at_field = any(isinstance(node, FieldNode) for node in error.nodes or ())
    return error.path is not None and at_field and "code" not in (error.extensions or {})


def _request_code(error: GraphQLError) -> str:
    is_syntax = isinstance(error, GraphQLSyntaxError)
    return "GRAPHQL_PARSE_FAILED" if is_syntax else "GRAPHQL_VALIDATION_FAILED"
