"""The files of one request: each is read once, in whatever order subgraphs need them."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import ExitStack, asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import IO

from multipart import MultipartSegment

from common.http import TransportError
from gateway.server.errors import RequestError
from gateway.server.http.body import ClientDisconnected
from gateway.server.upload.form import Form

_PIECE = 64 * 1024
_IN_MEMORY = 1024 * 1024


class UploadFailed(TransportError):  # noqa: N818 - says what happened
    """The client's file did not come whole, or is too large; the request to the subgraph ends with it."""

    code = "FILE_UPLOAD"
    reason = "an uploaded file is missing, incomplete or larger than the limit"


class File:
    """One file on its way: what its part's head says, and its content."""

    def __init__(self, part: MultipartSegment, content: AsyncIterator[bytes]) -> None:
        self.name = part.filename or part.name
        self.content_type = part.header("Content-Type") or "application/octet-stream"
        self.content = content


class Files:
    """Those of `keys`, of `max_size` bytes each at most.

    Where the next one that is needed comes behind others, those are kept meanwhile: small ones in memory, others on
    disk. Whoever reads a file has the form for itself until the file ends.
    """

    def __init__(self, form: Form, keys: Collection[str], max_size: int) -> None:
        self._form = form
        self._awaited = set(keys)
        self._max_size = max_size
        self._kept: dict[str, tuple[MultipartSegment, IO[bytes]]] = {}
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def open(self, key: str) -> AsyncIterator[File]:
        """The file of that key. Raises UploadFailed, also while its content is read."""
        async with self._turn:
            try:
                if key not in self._kept:
                    yield File(await self._reach(key), self._content())
                else:
                    part, kept = self._kept.pop(key)
                    with kept:
                        yield File(part, _pieces(kept))
            except (RequestError, ClientDisconnected) as error:
                raise UploadFailed(str(error)) from error

    def close(self) -> None:
        for _, kept in self._kept.values():
            kept.close()

    async def _reach(self, key: str) -> MultipartSegment:
        while key in self._awaited:
            part = await self._form.part()
            if part is None:
                break
            if part.name not in self._awaited:
                continue
            self._awaited.remove(part.name)
            if part.name == key:
                return part
            self._kept[part.name] = part, await self._keep()
        raise UploadFailed(f"the file {key!r} is missing, or was sent to another subgraph already")

    async def _keep(self) -> IO[bytes]:
        with ExitStack() as stack:
            kept = stack.enter_context(SpooledTemporaryFile(_IN_MEMORY))
            async for chunk in self._content():
                kept.write(chunk)
            kept.seek(0)
            stack.pop_all()
            return kept

    async def _content(self) -> AsyncIterator[bytes]:
        size = 0
        while (chunk := await self._form.chunk()) is not None:
            size += len(chunk)
            if size > self._max_size:
                raise UploadFailed(f"a file is larger than {self._max_size} bytes")
            yield chunk


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
