"""Where a supergraph's SDL comes from: a file, or a URL that is asked whether it has changed."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from common.http import Request, TransportError, open_transport
from gateway.supergraph import Supergraph, SupergraphError

_TIMEOUT = 30.0


class SourceError(Exception):
    """What is wrong with a supergraph, and where."""


class Source(Protocol):
    """One place; `files` are those to watch, `is_asked` says whether only reading tells of a change."""

    name: str
    files: Sequence[Path]
    is_asked: bool

    async def read(self) -> str:
        """The SDL as it is now. Raises SourceError."""


def open_source(place: str) -> Source:
    """The source for a file's path or an `http(s)://` URL. Raises SourceError."""
    if not place.startswith(("http://", "https://")):
        return FileSource(Path(place))
    try:
        return UrlSource(place)
    except ValueError as error:
        raise SourceError(str(error)) from None


class FileSource:
    """A file."""

    is_asked = False

    def __init__(self, file: Path) -> None:
        self.name = str(file)
        self._file = file
        self.files: Sequence[Path] = (file,)

    async def read(self) -> str:
        return await asyncio.to_thread(read_file, self._file)


class UrlSource:
    """A URL; what has an entity tag is sent again only when it has changed (RFC 9110, section 13.1.2)."""

    files: Sequence[Path] = ()
    is_asked = True

    def __init__(self, url: str) -> None:
        self.name = url
        self._transport = open_transport(url)
        self._tag: str | None = None
        self._text = ""

    async def read(self) -> str:
        headers = () if self._tag is None else (("if-none-match", self._tag),)
        request = Request(method="GET", headers=headers, idempotent=True)
        try:
            response = await self._transport.send(request, timeout=_TIMEOUT)
        except TransportError as error:
            raise SourceError(f"{self.name} does not answer: {error.reason}") from None
        if response.status == 304 and self._tag is not None:
            return self._text
        if response.status != 200:
            raise SourceError(f"{self.name} answers with status {response.status}")
        self._text, self._tag = _decode(response.body, self.name), response.header("etag")
        return self._text


def read_file(file: Path) -> str:
    """What `file` holds. Raises SourceError."""
    try:
        return _decode(file.read_bytes(), str(file))
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}") from None


def parse_supergraph(text: str, name: str) -> Supergraph:
    """The supergraph of an SDL that `name` holds. Raises SourceError with the reason and its place."""
    try:
        return Supergraph.from_sdl(text)
    except SupergraphError as error:
        place = "".join(f":{location.line}:{location.column}" for location in error.locations[:1])
        raise SourceError(f"{name}{place}: {error.code}: {error.message}") from None


def _decode(text: bytes, name: str) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise SourceError(f"{name} cannot be read: it is not UTF-8") from None
