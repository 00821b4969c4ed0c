"""Requests that are refused before a plan runs, as GraphQL error bodies."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLFormattedError


class RequestError(Exception):
    """An answer without data.

    `status` is the HTTP status where the client takes `application/graphql-response+json`. A `well_formed`
    request asked something that GraphQL itself refuses, which `application/json` answers with 200
    (GraphQL over HTTP, section 6.4).
    """

    def __init__(
        self,
        status: int,
        errors: Sequence[Mapping[str, Any]],
        *,
        headers: tuple[tuple[str, str], ...] = (),
        well_formed: bool = False,
    ) -> None:
        super().__init__("; ".join(str(error["message"]) for error in errors))
        self.status = status
        self.errors = errors
        self.headers = headers
        self.well_formed = well_formed


def bad_request(message: str, code: str = "BAD_REQUEST") -> RequestError:
    """400: the request does not follow GraphQL over HTTP."""
    return RequestError(400, [error_body(message, code)])


def refused(message: str, code: str) -> RequestError:
    """A well-formed request whose operation is not run."""
    return RequestError(400, [error_body(message, code)], well_formed=True)


def refused_for(errors: Sequence[GraphQLError], code: str) -> RequestError:
    """A well-formed request whose document has `errors`; an error's own code beats `code`."""
    return RequestError(400, [_formatted(error, code) for error in errors], well_formed=True)


def error_body(message: str, code: str, **extensions: object) -> dict[str, Any]:
    """One error as it stands in a response."""
    return {"message": message, "extensions": {"code": code, **extensions}}


def _formatted(error: GraphQLError, code: str) -> GraphQLFormattedError:
    body = error.formatted
    body["extensions"] = {"code": code, **(error.extensions or {})}
    return body
