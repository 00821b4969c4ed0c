"""What a client is told whose document is not known, in Apollo's codes and words."""

from gateway.server.errors import RequestError, error_body

# What is not known now may be known a moment later.
_NOT_CACHED = (("cache-control", "private, no-cache, must-revalidate"),)


def hash_not_found() -> RequestError:
    """The client sends the document now; its libraries take only 200 for that."""
    error = error_body("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    return RequestError(200, [error], headers=_NOT_CACHED)


def hash_mismatch() -> RequestError:
    return RequestError(
        400, [error_body("provided sha does not match query", "PERSISTED_QUERY_HASH_MISMATCH")]
    )


def not_supported() -> RequestError:
    return RequestError(200, [error_body("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")])


def not_in_list(identifier: str, operation_name: str | None) -> RequestError:
    message = f"Persisted query '{identifier}' not found in the persisted query list"
    name = {} if operation_name is None else {"operation_name": operation_name}
    error = error_body(message, "PERSISTED_QUERY_NOT_IN_LIST", **name)
    return RequestError(404, [error], headers=_NOT_CACHED)


def id_and_body() -> RequestError:
    message = "Sending a persisted query ID and a body in the same request is disallowed"
    return RequestError(400, [error_body(message, "CANNOT_SEND_PQ_ID_AND_BODY")], headers=_NOT_CACHED)


def not_in_safelist() -> RequestError:
    message = "The operation body was not found in the persisted query safelist"
    return RequestError(403, [error_body(message, "QUERY_NOT_IN_SAFELIST")], headers=_NOT_CACHED)


def id_required() -> RequestError:
    message = (
        "This endpoint does not allow freeform GraphQL requests; "
        "operations must be sent by ID in the persisted queries GraphQL extension."
    )
    return RequestError(400, [error_body(message, "PERSISTED_QUERY_ID_REQUIRED")])
