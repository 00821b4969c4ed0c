"""What a client asks, out of its HTTP request (GraphQL over HTTP, section 5)."""

import json
from collections import Counter
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from gateway.server.errors import RequestError, bad_request, error_body

_MEMBERS = (b'"query"', b'"operationName"', b'"variables"', b'"extensions"')


class Parameters(Struct, frozen=True, rename="camel"):
    """The parameters of a GraphQL request; `query` may be missing where `extensions` tell which."""

    query: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(Parameters)
_object_decoder = msgspec.json.Decoder(dict[str, Any])


def from_post(content_type: str | None, body: bytes) -> Parameters:
    """The parameters of a JSON body. Raises RequestError (400, 415)."""
    require_json(content_type)
    return from_json(body)


def from_json(body: bytes) -> Parameters:
    """The parameters that a JSON object holds. Raises RequestError (400)."""
    try:
        parameters = _decoder.decode(body)
        body.decode()
    except UnicodeDecodeError:
        raise bad_request("The request's body is not UTF-8") from None
    except msgspec.ValidationError as error:
        raise _no_request(error, body) from None
    except msgspec.DecodeError as error:
        raise bad_request(f"The request's body is not JSON: {error}") from None
    except RecursionError:
        raise bad_request("The request's body is nested too deeply") from None
    _refuse_duplicates(body)
    return parameters


def from_get(query_string: bytes) -> Parameters:
    """The parameters of a URL's query. Raises RequestError (400)."""
    try:
        pairs = parse_qsl(query_string.decode(), keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError:
        raise bad_request("The URL's query is not UTF-8 or has too many parameters") from None
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise bad_request(f"The parameter `{name}` is given {count} times")
    given = dict(pairs)
    return Parameters(
        query=given.get("query"),
        operation_name=given.get("operationName"),
        variables=_object(given.get("variables"), "variables"),
        extensions=_object(given.get("extensions"), "extensions"),
    )


@lru_cache(maxsize=256)
def require_json(content_type: str | None) -> None:
    """Raises RequestError (415) for any other content type than JSON in UTF-8."""
    media_type, _, parameters = (content_type or "").partition(";")
    if media_type.strip().lower() != "application/json":
        message = "A POST request must have the content type application/json"
        raise RequestError(415, [error_body(message, "UNSUPPORTED_MEDIA_TYPE")])
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise RequestError(
                415, [error_body("The charset of a request must be UTF-8", "UNSUPPORTED_MEDIA_TYPE")]
            )


def _no_request(error: msgspec.ValidationError, body: bytes) -> RequestError:
    if body.lstrip()[:1] == b"[":
        message = "The request's body must be a JSON object: batching is not enabled"
        return bad_request(message, "BATCHING_NOT_ENABLED")
    return bad_request(f"The request's body is not a GraphQL request: {error}")


def _refuse_duplicates(body: bytes) -> None:
    """JSON leaves open which of two equal members counts (RFC 8259, section 4), so that none may."""
    if all(body.count(member) < 2 for member in _MEMBERS):
        return
    for name, count in Counter(name for name, _ in json.loads(body, object_pairs_hook=list)).items():
        if count > 1:
            raise bad_request(f"The request's body has `{name}` {count} times")


def _object(text: str | None, name: str) -> dict[str, Any] | None:
    if text is None or text in ("", "null"):
        return None
    try:
        return _object_decoder.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise bad_request(f"The parameter `{name}` is not a JSON object") from None
