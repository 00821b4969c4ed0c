"""The step between a fetch and its transport where a cache may stand."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from common.http import Request, Response
from gateway.planning.plan import Fetch

Send = Callable[[Request], Awaitable[Response]]
"""Sends a request of a fetch, or another one in its place. Raises FetchError."""


class FetchCache(Protocol):
    """Answers the queries of one execution."""

    async def answer(self, fetch: Fetch, request: Request, send: Send) -> Response:
        """The response that `send` would give to `request`, of which it may send only a part. Raises FetchError."""
