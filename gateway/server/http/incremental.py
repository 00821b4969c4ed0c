"""The later parts of an answer (`@defer`), as long as the client waits for them."""

import logging
import math
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import msgspec

from gateway.execution import Payload
from gateway.server.asgi import Receive
from gateway.server.errors import RequestError, error_body
from gateway.server.http.interruption import Interruption
from gateway.server.http.multipart import accepts_parts, next_part

_log = logging.getLogger("hansa.router")
_BAD_HEADER = (
    "The operation uses @defer, and the client does not accept an answer in parts. Send the header "
    "'Accept: multipart/mixed;deferSpec=20220824, application/json'"
)


def require_parts(accept: str | None, *, is_alone: bool) -> None:
    """Raises RequestError (406) for a client that does not accept parts, and (400) for an operation of a batch or an upload."""
    if not is_alone:
        message = "An operation of a batch or with files cannot be answered in parts: send the one with @defer by itself"
        raise RequestError(400, [error_body(message, "DEFER_NOT_ALONE")])
    if not accepts_parts(accept):
        raise RequestError(406, [error_body(_BAD_HEADER, "DEFER_BAD_HEADER")])


async def later_parts(payloads: AsyncGenerator[Payload, None]) -> AsyncIterator[bytes]:
    """The parts after the first. Where the router itself fails, the last one says so and the log has why."""
    async with aclosing(payloads):
        try:
            async for payload in payloads:
                yield next_part(payload.encode(), is_last=not payload.has_next)
        except Exception:  # noqa: BLE001 - the client is told, the log has it in full
            _log.exception("A deferred part could not be answered")
            failed = {"errors": [error_body("Internal error", "INTERNAL_SERVER_ERROR")], "hasNext": False}
            yield next_part(msgspec.json.encode(failed), is_last=True)


async def while_connected(parts: AsyncIterator[bytes], receive: Receive) -> AsyncIterator[bytes]:
    """The parts, until the client goes away: that raises ClientDisconnected."""
    with Interruption(math.inf) as interruption:
        interruption.watch(receive)
        async for part in parts:
            yield part
