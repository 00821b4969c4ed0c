"""Frames of HTTP/2, as far as the library that speaks it must not see them (RFC 9113, sections 4.1 and 6.8).

h2 takes a connection to be closed as soon as its peer says GOAWAY, though streams under way may end well. So that frame
is taken out of what it reads.
"""

from collections.abc import Iterator

from msgspec import Struct

from common.http.errors import ProtocolError

_HEAD = 9
_GOAWAY = 0x7
_MAX_LENGTH = 16_384
"""What SETTINGS_MAX_FRAME_SIZE is unless it is changed."""


class GoAway(Struct, frozen=True):
    """Streams above `last_stream_id` were not and will not be processed; no new ones are taken."""

    last_stream_id: int
    error_code: int


class FrameReader:
    """Cuts what a peer sends into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes | GoAway]:
        """Each frame that is whole by now, or GOAWAY as a value. Raises ProtocolError for one that is too large."""
        self._buffer += data
        while len(self._buffer) >= _HEAD:
            length = int.from_bytes(self._buffer[:3])
            if length > _MAX_LENGTH:
                raise ProtocolError(f"a frame of {length} bytes")
            if len(self._buffer) < _HEAD + length:
                return
            frame = bytes(self._buffer[: _HEAD + length])
            del self._buffer[: _HEAD + length]
            yield _go_away(frame) if frame[3] == _GOAWAY and length >= 8 else frame


def _go_away(frame: bytes) -> GoAway:
    last = int.from_bytes(frame[_HEAD : _HEAD + 4]) & 0x7FFF_FFFF
    return GoAway(last, int.from_bytes(frame[_HEAD + 4 : _HEAD + 8]))
