"""What a response stream looks like in the body of an HTTP response.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

import msgspec

from gateway.server.subscriptions.errors import Stopping, StreamError
from gateway.server.subscriptions.stream import ResponseStream

HEARTBEAT = 5.0
"""Seconds of silence before a client gets a sign of life."""

_PART = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"
_DELIMITER = b"\r\n--graphql"


class Framing(ABC):
    """`opening` comes first, `ending` after the last payload."""

    media_type: ClassVar[str]
    headers: ClassVar[tuple[tuple[str, str], ...]]
    opening: ClassVar[bytes]
    heartbeat: ClassVar[bytes]
    ending: ClassVar[bytes]

    @abstractmethod
    def next(self, payload: bytes) -> bytes:
        """One response."""

    @abstractmethod
    def failed(self, errors: Sequence[Mapping[str, Any]]) -> bytes:
        """The end, for these reasons."""

    @abstractmethod
    def stopped(self, error: Stopping) -> bytes:
        """The end where the router stops: the client is to ask another one."""


class EventStream(Framing):
    """Server-sent events in graphql-sse's distinct connections mode."""

    media_type = "text/event-stream"
    headers: ClassVar = (("cache-control", "no-cache"), ("x-accel-buffering", "no"))
    opening = b":\n\n"
    heartbeat = b":\n\n"
    ending = b"event: complete\ndata:\n\n"

    def next(self, payload: bytes) -> bytes:
        return b"event: next\ndata: " + payload + b"\n\n"

    def failed(self, errors: Sequence[Mapping[str, Any]]) -> bytes:
        return self.next(msgspec.json.encode({"errors": errors})) + self.ending

    def stopped(self, _error: Stopping) -> bytes:
        """Nothing: a client takes a stream that is not completed for a lost one, and asks again."""
        return b""


class Multipart(Framing):
    """Apollo's multipart protocol. A delimiter follows each part at once, so that a client knows the part whole."""

    media_type = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
    headers: ClassVar = (("cache-control", "no-cache"),)
    opening = _DELIMITER
    heartbeat = _PART + b"{}" + _DELIMITER
    ending = b"--\r\n"

    def next(self, payload: bytes) -> bytes:
        return _PART + b'{"payload":' + payload + b"}" + _DELIMITER

    def failed(self, errors: Sequence[Mapping[str, Any]]) -> bytes:
        told = msgspec.json.encode({"payload": None, "errors": errors})
        return _PART + told + _DELIMITER + self.ending

    def stopped(self, error: Stopping) -> bytes:
        return self.failed([error.error])


EVENT_STREAM = EventStream()
MULTIPART = Multipart()


async def framed(stream: ResponseStream, framing: Framing) -> AsyncIterator[bytes]:
    """What follows the opening."""
    async with aclosing(stream.payloads(HEARTBEAT)) as payloads:
        try:
            async for payload in payloads:
                yield framing.heartbeat if payload is None else framing.next(payload)
        except Stopping as stopping:
            yield framing.stopped(stopping)
        except StreamError as failure:
            yield framing.failed([failure.error])
        else:
            yield framing.ending
