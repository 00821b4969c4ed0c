"""What may go wrong with a subgraph: each fault answers in the subgraph's place, as far as it lets anything be answered."""

import asyncio
from typing import Protocol

from msgspec import Struct

from common.http.in_process import REFUSE
from gateway.server.asgi import Receive, Send

_JSON = [(b"content-type", b"application/json")]


class Fault(Protocol):
    """Something that goes wrong; gives whether the subgraph answers all the same."""

    async def happen(self, receive: Receive, send: Send) -> bool: ...


class Delay(Struct, frozen=True):
    """The answer takes so many seconds, or until the router has gone."""

    seconds: float

    async def happen(self, receive: Receive, send: Send) -> bool:  # noqa: ARG002 - every fault is told both
        try:
            async with asyncio.timeout(self.seconds):
                await receive()
        except TimeoutError:
            return True
        return False


class Refuse(Struct, frozen=True):
    """Nobody listens."""

    async def happen(self, receive: Receive, send: Send) -> bool:  # noqa: ARG002
        await send({"type": REFUSE})
        return False


class Status(Struct, frozen=True):
    """Another HTTP status, with a body that is no GraphQL response unless it is given one."""

    status: int
    body: bytes = b""

    async def happen(self, receive: Receive, send: Send) -> bool:  # noqa: ARG002
        await send({"type": "http.response.start", "status": self.status, "headers": _JSON})
        await send({"type": "http.response.body", "body": self.body})
        return False


class BrokenBody(Struct, frozen=True):
    """A success whose body is not what it should be; half a JSON document unless told."""

    body: bytes = b'{"data":{'

    async def happen(self, receive: Receive, send: Send) -> bool:
        return await Status(200, self.body).happen(receive, send)


class Drop(Struct, frozen=True):
    """The connection is lost in the middle of the response, after `sent`."""

    sent: bytes = b'{"data":'

    async def happen(self, receive: Receive, send: Send) -> bool:  # noqa: ARG002
        await send({"type": "http.response.start", "status": 200, "headers": _JSON})
        await send({"type": "http.response.body", "body": self.sent, "more_body": True})
        return False
