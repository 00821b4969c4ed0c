"""Server-sent events as they come (HTML, section 9.2.6), and what graphql-sse says with them."""

import re
from collections.abc import Iterator

from common.http import ResponseTooLarge

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventStreamParser:
    """`is_complete` once the event `complete` has come. One event has `max_size` bytes at most."""

    def __init__(self, max_size: int) -> None:
        self.is_complete = False
        self._max_size = max_size
        self._rest = b""
        self._is_first = True
        self._name = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The data of each event `next` that is whole now. Raises ResponseTooLarge."""
        for line in self._lines(piece):
            if line:
                self._read(line)
            elif (data := self._dispatch()) is not None:
                yield data

    def _lines(self, piece: bytes) -> list[bytes]:
        text = self._rest + piece
        if self._is_first and len(text) >= len(_BYTE_ORDER_MARK):
            self._is_first = False
            text = text.removeprefix(_BYTE_ORDER_MARK)
        held = b"\r" if text.endswith(b"\r") else b""  # its line feed may be still to come
        *lines, rest = _LINE_END.split(text.removesuffix(held))
        self._rest = rest + held
        if len(self._rest) + sum(map(len, self._data)) > self._max_size:
            raise ResponseTooLarge(f"an event of more than {self._max_size} bytes")
        return lines

    def _read(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value
        elif field == b"data":
            self._data.append(value)

    def _dispatch(self) -> bytes | None:
        name, data = self._name, b"\n".join(self._data)
        self._name, self._data = b"", []
        if name == b"complete":
            self.is_complete = True
        return data if data and name in (b"next", b"message", b"") else None
