"""A subgraph's HTTP response, read as a GraphQL response (GraphQL over HTTP)."""

from typing import Any

import msgspec

from common.http import Response
from gateway.execution.errors import FetchError, FormattedError

HTTP_ERROR = "SUBREQUEST_HTTP_ERROR"
MALFORMED = "SUBREQUEST_MALFORMED_RESPONSE"
_NOT_GRAPHQL = "the response is not a GraphQL response"


class Answer(msgspec.Struct):
    """`data` as it came; `errors` are objects with a `message`, a list `path` and an object `extensions`."""

    data: dict[str, Any] | None = None
    errors: list[FormattedError] = []


class _Body(msgspec.Struct):
    data: Any = msgspec.UNSET
    errors: Any = None


_decoder = msgspec.json.Decoder(_Body)


def read_answer(response: Response) -> Answer:
    """Raises FetchError. A well-formed body counts whatever the status; any other by its status."""
    try:
        body = _decoder.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(response) from error
    if body.errors:
        return Answer(_read_data(body.data), _read_errors(body.errors))
    if body.data is msgspec.UNSET or body.data is None:
        raise _unreadable(response)
    return Answer(_read_data(body.data))


def _unreadable(response: Response) -> FetchError:
    if response.status >= 400:
        return FetchError(HTTP_ERROR, f"HTTP status {response.status}")
    return FetchError(MALFORMED, _NOT_GRAPHQL)


def _read_data(data: Any) -> dict[str, Any] | None:
    if isinstance(data, dict):
        return data
    if data is None or data is msgspec.UNSET:
        return None
    raise FetchError(MALFORMED, _NOT_GRAPHQL)


def _read_errors(errors: Any) -> list[FormattedError]:
    if not isinstance(errors, list):
        raise FetchError(MALFORMED, _NOT_GRAPHQL)
    return [_read_error(error) for error in errors]


def _read_error(error: Any) -> FormattedError:
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        raise FetchError(MALFORMED, _NOT_GRAPHQL)
    path, extensions = error.get("path"), error.get("extensions")
    is_path = isinstance(path, list) and all(isinstance(key, str | int) for key in path)
    return {
        "message": error["message"],
        "path": path if is_path else [],
        "extensions": extensions if isinstance(extensions, dict) else {},
    }
