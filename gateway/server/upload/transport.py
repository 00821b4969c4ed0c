"""Requests to subgraphs that need a client's files: multipart requests, written while the files come."""

import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace
from multipart import content_disposition_quote

from common.http import Request, Response, Transport
from gateway.server.upload.files import File, Files

_encode = msgspec.json.encode


class UploadTransport:
    """A transport that turns requests with markers of `files` into multipart requests."""

    def __init__(self, inner: Transport, files: Files, marker: str) -> None:
        self._inner = inner
        self._files = files
        self._marker = marker
        self._searched = marker.encode()

    @property
    def url(self) -> str:
        return self._inner.url

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        if self._searched in request.body:
            request = self._with_files(request)
        return await self._inner.send(request, timeout=timeout)

    async def close(self) -> None:
        """It belongs to one request; the inner one goes on."""

    def _with_files(self, request: Request) -> Request:
        operations = msgspec.json.decode(request.body)
        paths: dict[str, list[str]] = {}
        for key, path in _take_markers(operations["variables"], "variables", self._marker):
            paths.setdefault(key, []).append(path)
        boundary = secrets.token_hex(16)
        kept = tuple(header for header in request.headers if header[0] != "content-type")
        headers = (
            ("content-type", f"multipart/form-data; boundary={boundary}"),
            ("apollo-require-preflight", "true"),
            *kept,
        )
        stream = _write(boundary, operations, paths, self._files)
        return replace(request, body=b"", headers=headers, idempotent=False, stream=stream)


def _take_markers(value: Any, path: str, marker: str) -> Iterator[tuple[str, str]]:
    """Key and path of every marker below `value`, which holds null in its place afterwards."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in list(members):
        if isinstance(member, str) and member.startswith(marker):
            value[key] = None
            yield member.removeprefix(marker), f"{path}.{key}"
        elif isinstance(member, dict | list):
            yield from _take_markers(member, f"{path}.{key}", marker)


async def _write(
    boundary: str, operations: Any, paths: dict[str, list[str]], files: Files
) -> AsyncIterator[bytes]:
    yield _head(boundary, "operations") + _encode(operations) + b"\r\n"
    yield _head(boundary, "map") + _encode(paths) + b"\r\n"
    for key in paths:
        async with files.open(key) as file:
            yield _file_head(boundary, key, file)
            async for chunk in file.content:
                yield chunk
            yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _head(boundary: str, name: str) -> bytes:
    return f"--{boundary}\r\ncontent-disposition: form-data; name={content_disposition_quote(name)}\r\n\r\n".encode()


def _file_head(boundary: str, key: str, file: File) -> bytes:
    names = f"name={content_disposition_quote(key)}; filename={content_disposition_quote(file.name)}"
    return (
        f"--{boundary}\r\ncontent-disposition: form-data; {names}\r\ncontent-type: {file.content_type}\r\n\r\n"
    ).encode()
