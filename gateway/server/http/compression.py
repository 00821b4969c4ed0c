"""Content codings between client and router (RFC 9110, sections 8.4 and 12.5.3): gzip and deflate."""

import asyncio
import zlib
from functools import lru_cache

from msgspec.structs import replace

from common.http import ProtocolError, ResponseTooLarge
from common.http.encoding import undo
from gateway.server.errors import RequestError, bad_request, error_body
from gateway.server.http.answer import Answer
from gateway.server.http.body import too_large

WORTH_COMPRESSING = 1024
"""Bytes of an answer; a smaller one goes into one packet either way."""

_IN_THREAD = 64 * 1024
_LEVEL = 1  # of GraphQL's JSON it leaves a fifth more than level 6, in half of the time
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def compressed(answer: Answer, accept_encoding: bytes | None) -> Answer:
    """The answer in the coding that the client likes best, or as it is."""
    coding = choose(accept_encoding)
    headers = (*answer.headers, ("vary", "Accept-Encoding"))
    if coding is None:
        return replace(answer, headers=headers)
    body = await encoded(answer.body, coding)
    return replace(answer, body=body, headers=(*headers, ("content-encoding", coding)))


async def encoded(body: bytes, coding: str) -> bytes:
    """The body in that coding; a large one is encoded in a thread."""
    return _encode(body, coding) if len(body) < _IN_THREAD else await asyncio.to_thread(_encode, body, coding)


async def decompressed(body: bytes, content_encoding: bytes, limit: int) -> bytes:
    """A request's body without its coding.

    Raises RequestError: 415 for any other than one of ours, 413 where it holds more than `limit` bytes, 400.
    """
    coding = content_encoding.decode("latin-1").strip().lower()
    if coding == "identity" or not body:
        return body
    if coding not in _WINDOW_BITS:
        raise _unsupported(coding)
    try:
        return await asyncio.to_thread(undo, coding, body, limit)
    except ResponseTooLarge:
        raise too_large(limit) from None
    except ProtocolError as error:
        raise bad_request(f"The request's body cannot be decoded: {error}") from None


@lru_cache(maxsize=256)
def choose(accept_encoding: bytes | None) -> str | None:
    """The coding of the best quality for the value of an Accept-Encoding header; None for no coding."""
    if accept_encoding is None:
        return None
    qualities = dict(_weighed(part) for part in accept_encoding.decode("latin-1").lower().split(","))
    others = qualities.get("*", 0.0)
    best = max(_WINDOW_BITS, key=lambda coding: qualities.get(coding, others))
    quality = qualities.get(best, others)
    return best if quality > 0 and quality >= qualities.get("identity", 0.0) else None


def _weighed(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    key, _, value = parameter.partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), float(value)
    except ValueError:
        return name.strip(), 0.0


def _encode(body: bytes, coding: str) -> bytes:
    return zlib.compress(body, _LEVEL, _WINDOW_BITS[coding])


def _unsupported(coding: str) -> RequestError:
    codings = ", ".join(_WINDOW_BITS)
    error = error_body(
        f"The content coding {coding!r} is not supported; supported are {codings}", "UNSUPPORTED_MEDIA_TYPE"
    )
    return RequestError(415, [error], headers=(("accept-encoding", codings),))
