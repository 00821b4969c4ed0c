"""Content codings (RFC 9110 §8.4): gzip and deflate, decoded within a bound."""

import zlib

from common.http.errors import ProtocolError, ResponseTooLarge
from common.http.messages import Headers, Response

_PIECE = (
    16 * 1024
)  # what follows a member is copied at its end: small members must not copy a large body each
_MAX_MEMBERS = 1000  # an empty one costs time and gives nothing that the size would bound
_GZIP = 16 + zlib.MAX_WBITS
_EITHER = 32 + zlib.MAX_WBITS
_WINDOW_BITS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_EITHER, -zlib.MAX_WBITS)}


def decoded(status: int, headers: Headers, body: bytes, max_size: int) -> Response:
    """The response with its content coding undone; ProtocolError for a coding that is unknown or broken."""
    for name, coding in headers:
        if name == "content-encoding" and body:
            return Response(status, _without(name, headers), _undo_all(coding, body, max_size))
    return Response(status, headers, body)


def _without(name: str, headers: Headers) -> Headers:
    return tuple(header for header in headers if header[0] != name)


def _undo_all(codings: str, body: bytes, max_size: int) -> bytes:
    for coding in reversed([part.strip().lower() for part in codings.split(",")]):
        if coding != "identity":
            body = undo(coding, body, max_size)
    return body


def undo(coding: str, body: bytes, max_size: int) -> bytes:
    """A body without one content coding, `max_size` bytes at most; ResponseTooLarge beyond, ProtocolError for others."""
    variants = _WINDOW_BITS.get(coding)
    if variants is None:
        raise ProtocolError(f"content coding {coding!r} is not supported")
    for window_bits in variants:  # "deflate" is sent with and without the zlib header
        try:
            return _inflate(body, window_bits, max_size)
        except zlib.error as error:
            cause = error
    raise ProtocolError("the content coding is broken") from cause


def _inflate(body: bytes, window_bits: int, max_size: int) -> bytes:
    parts: list[bytes] = []
    room, offset, members = max_size, 0, 0
    while offset < len(body):  # a gzip body may be several members, one after another
        members += 1
        if members > _MAX_MEMBERS:
            raise ProtocolError(f"the encoded body has more than {_MAX_MEMBERS} members")
        inflater = zlib.decompressobj(window_bits)
        while not inflater.eof:
            piece = body[offset : offset + _PIECE]
            if not piece:
                raise ProtocolError("the encoded body ends early")
            parts.append(inflater.decompress(piece, room + 1))
            room -= len(parts[-1])
            if room < 0:
                raise ResponseTooLarge(f"more than {max_size} bytes after decoding")
            offset += len(piece) - len(inflater.unused_data)
    return b"".join(parts)
