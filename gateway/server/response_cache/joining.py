"""A subgraph's answer put together of what was cached and what was asked for."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from common.http import Response
from gateway.execution.answer import MALFORMED
from gateway.execution.errors import FetchError
from gateway.server.response_cache.answers import SubgraphAnswer, read_subgraph_answer
from gateway.server.response_cache.cache_control import CacheControl, merged, without
from gateway.server.response_cache.missing import Missing
from gateway.server.response_cache.storing import sooner_of, value_of
from gateway.server.response_cache.valkey import Found

_CACHE_CONTROL = "cache-control"
_HEADERS = (("content-type", "application/json"),)


def from_cache(missing: Missing, found: Sequence[Found | None]) -> Response:
    """The answer where nothing is missing."""
    data = missing.requested.join([value_of(each.data) for each in found if each])
    told = merged(_told(missing, found))
    return Response(200, (*_HEADERS, (_CACHE_CONTROL, str(told))), b'{"data":%s}' % data)


def completed(
    missing: Missing, found: Sequence[Found | None], response: Response, told: CacheControl
) -> Response:
    """The answer that has what was found and what `response` has; its headers tell of both. Raises FetchError.

    A response that is no answer is left for the executor to tell of.
    """
    if missing.is_all:
        return with_cache_control(response, told)
    answer = read_subgraph_answer(response)
    if answer is None or not (answer.has_data or answer.has_errors):
        raise FetchError(MALFORMED, "the response is not a GraphQL response")
    fetched = missing.requested.split(answer.data, missing.numbers, has_errors=answer.has_errors)
    values = [value_of(each.data) if each else b"" for each in found]
    for number, value in zip(missing.numbers, fetched, strict=True):
        values[number] = value
    members: dict[str, Any] = {"data": Raw(missing.requested.join(values))}
    if answer.has_errors:
        members["errors"] = _placed(answer, missing)
    whole = Response(response.status, response.headers, msgspec.json.encode(members))
    return with_cache_control(whole, merged([told, *_told(missing, found)]))


def with_cache_control(response: Response, told: CacheControl) -> Response:
    """The response with `Cache-Control` as `told`, and without `Age`, which is counted in."""
    kept = without(response.headers, _CACHE_CONTROL, "age")
    return Response(response.status, (*kept, (_CACHE_CONTROL, str(told))), response.body)


def _told(missing: Missing, found: Sequence[Found | None]) -> list[CacheControl]:
    return [
        CacheControl(each.seconds, missing.scopes.visibility(each.place), sooner=sooner_of(each.data))
        for each in found
        if each
    ]


def _placed(answer: SubgraphAnswer, missing: Missing) -> Any:
    errors = answer.read_errors()
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict) and isinstance(error.get("path"), list):
            error["path"] = missing.requested.place(error["path"], missing.numbers)
    return errors
