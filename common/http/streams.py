"""Bodies that are sent while they come."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any


async def next_or_done(stream: AsyncIterator[bytes], done: asyncio.Future[Any]) -> bytes | None:
    """The next piece that is not empty; None at the stream's end, or once `done`: then the stream is given up."""
    piece = b""
    while not piece:
        pending = asyncio.ensure_future(anext(stream, None))
        try:
            await asyncio.wait({pending, done}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            given_up = pending.cancel()
        if given_up or (found := pending.result()) is None:
            return None
        piece = found
    return piece
