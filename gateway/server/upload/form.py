"""The parts of a multipart/form-data body, one after another, as its bytes come (RFC 7578)."""

from collections import deque

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from gateway.server.asgi import Receive
from gateway.server.errors import RequestError, bad_request, error_body
from gateway.server.http.body import ClientDisconnected

UPLOAD_ERROR = "FILE_UPLOAD"


def boundary_of(content_type: str) -> str | None:
    """The boundary of multipart/form-data; None for another content type. Raises RequestError (400) without one."""
    media_type, parameters = parse_options_header(content_type)
    if media_type != "multipart/form-data":
        return None
    boundary: str = parameters.get("boundary", "")
    if not boundary:
        raise malformed("the content type has no boundary")
    return boundary


class Form:
    """Reads no further than it is asked to. Raises RequestError for what is no form, ClientDisconnected."""

    def __init__(self, receive: Receive, boundary: str, max_parts: int) -> None:
        self._receive = receive
        self._events: deque[MultipartSegment | bytes | None] = deque()
        self._is_read = False
        self._max_parts = max_parts
        try:
            self._parser = PushMultipartParser(boundary, max_segment_count=max_parts, strict=True)
        except MultipartError as error:
            raise malformed(str(error)) from None

    async def part(self) -> MultipartSegment | None:
        """The next part, what is left of the one before passed over; None at the end."""
        while await self._fill():
            event = self._events.popleft()
            if isinstance(event, MultipartSegment):
                return event
        return None

    async def chunk(self) -> bytes | None:
        """More of the current part; None at its end."""
        event = self._events.popleft() if await self._fill() else None
        assert not isinstance(event, MultipartSegment)
        return event

    async def text(self, limit: int) -> bytes:
        """The rest of the current part. Raises RequestError (413) beyond `limit` bytes."""
        text = bytearray()
        while (chunk := await self.chunk()) is not None:
            text += chunk
            if len(text) > limit:
                raise too_large(f"A field of the form is larger than {limit} bytes")
        return bytes(text)

    async def _fill(self) -> bool:
        while not self._events and not self._is_read:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            self._is_read = not message.get("more_body", False)
            self._parse(message.get("body", b""))
        return bool(self._events)

    def _parse(self, data: bytes) -> None:
        try:
            if data:
                self._events.extend(self._parser.parse(data))
            if self._is_read:
                self._parser.close()
        except MultipartError as error:
            raise too_large(str(error)) if error.http_status == 413 else malformed(str(error)) from None


def malformed(message: str) -> RequestError:
    """400: the form is not as the specification says."""
    return bad_request(f"Invalid multipart request: {message}", UPLOAD_ERROR)


def too_large(message: str) -> RequestError:
    """413: more than the limits allow."""
    return RequestError(413, [error_body(message, UPLOAD_ERROR)])
