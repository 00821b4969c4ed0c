"""Several operations in one request: a JSON array of requests, answered by an array of responses in the same order."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from gateway.server.config.http import Batching
from gateway.server.errors import RequestError, bad_request, error_body
from gateway.server.http.answer import Answer, refusal
from gateway.server.http.parameters import require_json
from gateway.server.http.request import HttpRequest

T = TypeVar("T")

_decoder = msgspec.json.Decoder(list[msgspec.Raw])


class Batches:
    """Requests that hold up to `maximum_size` others."""

    def __init__(self, config: Batching) -> None:
        self._is_on = config.enabled
        self._maximum_size = config.maximum_size

    def entries(self, request: HttpRequest, body: bytes) -> list[bytes] | None:
        """The JSON of each entry, or None where the request is no batch or batches are not taken.

        Raises RequestError (400, 415, 422).
        """
        if not self._is_on or request.method != "POST" or body.lstrip()[:1] != b"[":
            return None
        require_json(request.header(b"content-type"))
        try:
            entries = [bytes(entry) for entry in _decoder.decode(body)]
        except msgspec.DecodeError as error:
            raise bad_request(f"The request's body is not JSON: {error}") from None
        if not entries:
            raise bad_request("The batch is empty")
        if len(entries) > self._maximum_size:
            raise _too_many(len(entries), self._maximum_size)
        return entries


async def settled(work: Iterable[Coroutine[Any, Any, T]]) -> list[T | RequestError]:
    """What each gives, all at once and in order; in the place of one that is refused stands why."""
    return await asyncio.gather(*map(_settle, work))


async def _settle(work: Coroutine[Any, Any, T]) -> T | RequestError:
    try:
        return await work
    except RequestError as error:
        return error


def joined(answers: Sequence[Answer | RequestError], media_type: str) -> Answer:
    """One answer of all; those that were refused are told among them, so that its status is 200."""
    bodies = [
        refusal(answer, media_type).body if isinstance(answer, RequestError) else answer.body
        for answer in answers
    ]
    return Answer(200, media_type, b"[" + b",".join(bodies) + b"]")


def _too_many(count: int, maximum: int) -> RequestError:
    message = f"The batch has {count} entries; at most {maximum} are taken"
    return RequestError(422, [error_body(message, "BATCH_LIMIT_EXCEEDED")])
