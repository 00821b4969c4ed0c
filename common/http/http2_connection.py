"""One HTTP/2 connection of a client: many streams, flow control both ways (RFC 9113, by the library h2)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import H2Error
from h2.settings import SettingCodes, Settings

from common.http.errors import ConnectionLost, ProtocolError, ResponseTooLarge, TransportError, Unprocessed
from common.http.frames import FrameReader, GoAway
from common.http.messages import Headers
from common.http.streams import next_or_done
from common.http.turns import Turns

_SILENCE = 5.0
_WINDOW = 1024 * 1024
_SETTINGS = {
    SettingCodes.ENABLE_PUSH: 0,
    SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
    SettingCodes.MAX_HEADER_LIST_SIZE: 64 * 1024,
}

RawResponse = tuple[int, Headers, bytes]
Fields = Sequence[tuple[bytes, bytes]]


class _Stream:
    """A request under way and what came of its response."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.response: asyncio.Future[RawResponse] = loop.create_future()
        self.begun_at = loop.time()
        self.status = 0
        self.headers: Headers = ()
        self.chunks: list[bytes] = []
        self.size = 0
        self.is_sent = False
        self.is_over = False

    def fail(self, error: TransportError) -> None:
        if not self.response.done():
            self.response.set_exception(error)


class Http2Connection(asyncio.Protocol):
    """At most `max_streams` exchanges at a time, or fewer where the peer says so; further ones wait."""

    def __init__(self, max_response_size: int, max_streams: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.has_answered = False
        self._max_size = max_response_size
        self._max_streams = max_streams
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._h2.local_settings = Settings(client=True, initial_values=_SETTINGS)
        self._frames = FrameReader()
        self._streams: dict[int, _Stream] = {}
        self._reserved = 0
        self._free_stream = Turns()
        self._room = Turns()
        self._is_paused = False
        self._is_leaving = False
        self._transport: asyncio.Transport | None = None

    @property
    def usable(self) -> bool:
        """Whether new requests may be sent."""
        return self._transport is not None and not self._transport.is_closing() and not self._is_leaving

    async def exchange(
        self, fields: Fields, body: bytes, source: AsyncIterator[bytes] | None = None
    ) -> RawResponse:
        """Sends and waits. Cancelling it resets the stream; the connection is kept.

        The body comes out of `source` where there is one, each piece sent as soon as it is there.

        Raises TransportError: Unprocessed where the peer did certainly not act on the request.
        """
        await self._reserve()
        stream_id, stream = 0, _Stream(self._loop)
        try:
            stream_id = self._begin(fields, stream, ends=not body and source is None)
            if source is None:
                await self._send_body(stream_id, stream, body)
            else:
                await self._send_pieces(stream_id, stream, source)
            return await stream.response
        except H2Error as error:
            raise ProtocolError(str(error)) from error
        finally:
            self._retire_if_silent(stream)
            self._streams.pop(stream_id, None)
            self._reserved -= 1
            self._free_stream.give()
            if not (stream.is_over and stream.is_sent):
                self._reset(stream_id)
            if self._is_leaving and not self._streams:
                self.close()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def _reserve(self) -> None:
        while self.usable and self._reserved >= min(
            self._max_streams, self._h2.remote_settings.max_concurrent_streams
        ):
            await self._free_stream.wait()
        if not self.usable:
            self._free_stream.give()
            raise Unprocessed("the connection takes no more requests")
        self._reserved += 1

    def _begin(self, fields: Fields, stream: _Stream, *, ends: bool) -> int:
        stream_id = self._h2.get_next_available_stream_id()
        self._h2.send_headers(stream_id, fields, end_stream=ends)
        self._streams[stream_id] = stream
        self._flush()
        return stream_id

    async def _send_pieces(self, stream_id: int, stream: _Stream, source: AsyncIterator[bytes]) -> None:
        while (piece := await next_or_done(source, stream.response)) is not None:
            await self._send_body(stream_id, stream, piece, ends=False)
        if not stream.response.done():
            self._h2.send_data(stream_id, b"", end_stream=True)
            stream.is_sent = True
            self._flush()

    async def _send_body(self, stream_id: int, stream: _Stream, body: bytes, *, ends: bool = True) -> None:
        rest = memoryview(body)
        while rest and not stream.response.done():
            window = self._h2.local_flow_control_window(stream_id)
            size = min(len(rest), window, self._h2.max_outbound_frame_size)
            if size <= 0 or self._is_paused:
                await self._room.wait()
                continue
            self._h2.send_data(stream_id, bytes(rest[:size]), end_stream=ends and size == len(rest))
            rest = rest[size:]
            self._flush()
        stream.is_sent = ends and not rest

    def _retire_if_silent(self, stream: _Stream) -> None:
        """A peer that has answered nobody for long may be gone without a word: others try a new connection."""
        if not stream.response.done() or stream.response.cancelled():
            self._is_leaving |= self._loop.time() - max(self._heard_at, stream.begun_at) > _SILENCE

    def _reset(self, stream_id: int) -> None:
        if stream_id and self._transport is not None:
            try:
                self._h2.reset_stream(stream_id, ErrorCodes.CANCEL)
            except H2Error:
                return  # the peer has closed it meanwhile
            self._flush()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and self._transport is not None:
            self._transport.write(data)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def start(self) -> None:
        """Greets the peer, once it is known to speak HTTP/2; `ready` tells when it has greeted back."""
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(16 * _WINDOW)
        self._flush()

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self._room.give_all()

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        try:
            for frame in self._frames.feed(data):
                if isinstance(frame, GoAway):
                    self._leave(frame)
                else:
                    for event in self._h2.receive_data(frame):
                        self._handle(event)
        except H2Error as error:
            self._fail(ProtocolError(str(error)))
        except ProtocolError as error:
            self._fail(error)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        error = str(exc or "closed by the peer")
        for stream in self._streams.values():
            stream.fail(ProtocolError(error) if stream.status else ConnectionLost(error))
        if not self.ready.done():
            self.ready.set_exception(ConnectionLost(error))
            self.ready.exception()  # seen, also where whoever waited is gone
        self._room.give_all()
        self._free_stream.give_all()

    def _fail(self, error: TransportError) -> None:
        for stream in self._streams.values():
            stream.fail(error)
        if not self.ready.done():
            self.ready.set_exception(error)
            self.ready.exception()
        self._flush()
        self.close()

    def _leave(self, frame: GoAway) -> None:
        self._is_leaving = True
        for stream_id, stream in self._streams.items():
            if stream_id > frame.last_stream_id:
                stream.fail(Unprocessed("the peer takes no more requests"))
        self._free_stream.give_all()
        self._room.give_all()
        if not self._streams:
            self.close()

    # h2's events

    def _handle(self, event: Event) -> None:
        match event:
            case RemoteSettingsChanged():
                if not self.ready.done():
                    self.ready.set_result(None)
                self._free_stream.give_all()
                self._room.give_all()
            case WindowUpdated():
                self._room.give_all()
            case ResponseReceived() | DataReceived() | StreamEnded() | StreamReset():
                stream = self._streams.get(event.stream_id or 0)
                if isinstance(event, DataReceived):
                    self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if stream is not None:
                    self._handle_in_stream(event, stream)

    def _handle_in_stream(
        self, event: ResponseReceived | DataReceived | StreamEnded | StreamReset, stream: _Stream
    ) -> None:
        match event:
            case ResponseReceived():
                self.has_answered = True
                fields = [(bytes(name), bytes(value).decode("latin-1")) for name, value in event.headers]
                stream.status = next(int(value) for name, value in fields if name == b":status")
                stream.headers = tuple(
                    (name.decode("latin-1"), value) for name, value in fields if not name.startswith(b":")
                )
            case DataReceived():
                self._add(stream, event.data)
            case StreamEnded():
                stream.is_over = True
                if not stream.response.done():
                    stream.response.set_result((stream.status, stream.headers, b"".join(stream.chunks)))
            case StreamReset():
                stream.is_over = True
                refused = event.error_code == ErrorCodes.REFUSED_STREAM
                kind = Unprocessed if refused else ProtocolError
                stream.fail(kind(f"the stream was reset: {event.error_code}"))
        self._room.give_all()

    def _add(self, stream: _Stream, data: bytes) -> None:
        stream.size += len(data)
        if stream.size > self._max_size:
            stream.chunks.clear()
            stream.fail(ResponseTooLarge(f"more than {self._max_size} bytes"))
        elif not stream.response.done():
            stream.chunks.append(data)
