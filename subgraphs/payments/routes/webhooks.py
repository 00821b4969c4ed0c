"""`POST /webhooks/card`: the card provider tells that something has happened.

A webhook is a reason to look, never the truth itself: it makes the runner ask the provider about the operations that it names, soon.
So they may come in any order, twice, late, or not at all.
"""

import time
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from common.app.responses import PayloadTooLargeError
from common.database import Database
from common.events import Message
from common.events.inbox import receive
from common.failpoints import failpoint
from common.settings import Secret
from subgraphs.payments.provider.stripe_events import read_event
from subgraphs.payments.service.operations import Operations

MAX_BODY: Final = 256 * 1024
CONSUMER: Final = "webhook card"


def webhook_routes(
    database: Database, operations: Operations, secret: Secret | None
) -> list[HTTPRouteHandler]:
    """The door, where what comes is signed with `secret`; without one there is none."""
    if secret is None:
        return []

    @post("/webhooks/card", summary="Take an event of the card provider", request_max_body_size=None)
    async def take(request: Request[Any, Any, Any]) -> Response[None]:
        body = await _body(request)
        event = read_event(body, request.headers.get("stripe-signature", ""), secret, time.time())
        message = Message(id=uuid5(NAMESPACE_URL, event.id), subject=event.type, payload=body, headers={})
        async with database.transaction() as transaction:
            if await receive(transaction, CONSUMER, message):
                for key in event.effect_keys:
                    await operations.hasten(transaction, key)
            failpoint("payments.webhook_in.before_commit")
        failpoint("payments.webhook_in.after_commit")
        return Response(None, status_code=200)

    return [take]


async def _body(request: Request[Any, Any, Any]) -> bytes:
    """The raw body. Raises PayloadTooLargeError."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise PayloadTooLargeError(f"The body is larger than {MAX_BODY} bytes")
    return body
