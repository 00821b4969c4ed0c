"""Apollo Router's invalidation endpoint: `POST` a JSON array of requests, with the shared key as `Authorization`."""

import logging
from collections.abc import Callable

import msgspec

from common.valkey import ValkeyUnavailableError
from gateway.server.asgi import Receive, Scope, Send, respond
from gateway.server.errors import RequestError, error_body
from gateway.server.http.body import ClientDisconnected, read_body
from gateway.server.http.request import HttpRequest
from gateway.server.response_cache.cache import ResponseCache
from gateway.server.response_cache.invalidation import InvalidInvalidation, read_invalidations

_log = logging.getLogger("hansa.router")
_MAX_BYTES = 1024 * 1024


class InvalidationEndpoint:
    """An ASGI app over the cache that a router has now: 202 with `{"count": n}`, 400 for what is no request, 401 for a wrong key, 503 without Valkey."""

    def __init__(self, current: Callable[[], ResponseCache | None]) -> None:
        self._current = current

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            count = await self._invalidate(HttpRequest.from_scope(scope), receive)
        except ClientDisconnected:
            return
        except RequestError as error:
            headers = [(name.encode(), value.encode()) for name, value in error.headers]
            await _answer(send, error.status, {"errors": error.errors}, headers)
        else:
            await _answer(send, 202, {"count": count}, [])

    async def _invalidate(self, request: HttpRequest, receive: Receive) -> int:
        if request.method != "POST":
            raise _refused(405, "Invalidation requests are sent by POST", ("allow", "POST"))
        key = request.header(b"authorization")
        if key is None:
            raise _refused(401, "The shared key is missing")
        try:
            tags = read_invalidations(await read_body(receive, request.headers, _MAX_BYTES))
        except InvalidInvalidation as error:
            raise _refused(400, f"Not a list of invalidation requests: {error}") from None
        cache = self._current()
        if cache is None:  # until a configuration switches it on again: what it kept is still there
            raise _refused(503, "The response cache is switched off")
        if not cache.invalidations.may(key, tags):
            raise _refused(401, "The shared key is not that of every subgraph that is named")
        try:
            return await cache.invalidations.run(tags)
        except ValkeyUnavailableError as error:
            _log.warning("Cached answers could not be made invalid: %s", error)
            raise _refused(503, "The cache does not answer: try again", ("retry-after", "1")) from None


def _refused(status: int, message: str, *headers: tuple[str, str]) -> RequestError:
    return RequestError(status, [error_body(message, "INVALIDATION_REFUSED")], headers=headers)


async def _answer(send: Send, status: int, body: object, headers: list[tuple[bytes, bytes]]) -> None:
    head = [(b"content-type", b"application/json"), *headers]
    await respond(send, status, head, msgspec.json.encode(body))
