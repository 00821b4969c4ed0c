"""The parts of a `multipart/mixed` response as they come (RFC 2046, section 5.1), and what Apollo says with them."""

import re
from collections.abc import Iterator

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from common.http import ResponseTooLarge
from gateway.execution.answer import MALFORMED
from gateway.execution.errors import FetchError

_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)


class _Part(Struct):
    """A heartbeat has neither; `errors` without a payload end the stream."""

    payload: Raw | UnsetType = UNSET
    errors: Raw | UnsetType = UNSET


_decoder = msgspec.json.Decoder(_Part)


class MultipartParser:
    """`is_complete` once the last delimiter, or an error that ends the stream, has come.

    A part counts as soon as its JSON is whole: some servers send the delimiter only with the next one.
    """

    def __init__(self, content_type: str, max_size: int) -> None:
        match = _BOUNDARY.search(content_type)
        self._delimiter = b"\r\n--" + (match[1] or match[2] if match else "-").encode("latin-1")
        self._max_size = max_size
        self._rest = b"\r\n"
        self._is_in_part = False
        self._is_taken = False
        self.is_complete = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The payloads that are whole now. Raises ResponseTooLarge, and FetchError for what is not such a part."""
        self._rest += piece
        while not self.is_complete and (end := self._rest.find(self._delimiter)) >= 0:
            yield from self._take(self._rest[:end], is_whole=True)
            self._rest, self._is_taken = self._rest[end:], True
            after = len(self._delimiter)
            if len(self._rest) < after + 2:
                break  # whether it is the last one is still to come
            if self._rest[after : after + 2] == b"--":
                self.is_complete = True
            self._rest = self._rest[after:]
            self._is_in_part, self._is_taken = True, False
        if self._rest.rstrip().endswith(b"}"):
            yield from self._take(self._rest, is_whole=False)
        if len(self._rest) > self._max_size:
            raise ResponseTooLarge(f"a part of more than {self._max_size} bytes")

    def _take(self, part: bytes, *, is_whole: bool) -> Iterator[bytes]:
        _, separator, body = part.partition(b"\r\n\r\n")
        if not self._is_in_part or self._is_taken or not separator:
            return
        try:
            found = _decoder.decode(body)
        except msgspec.DecodeError as error:
            if is_whole:
                raise FetchError(MALFORMED, "a part of the response is not JSON") from error
            return
        self._is_taken = True
        if found.payload is not UNSET and bytes(found.payload) != b"null":
            yield bytes(found.payload)
        if found.errors is not UNSET:
            self.is_complete = True
            yield b'{"errors":' + bytes(found.errors) + b"}"
