"""A client's request with files: the operation, and which of its variables' values are files.

A file's place in the variables holds a marker, which passes for any value of a custom scalar such as `Upload`. It
comes out again in the variables of the requests to the subgraphs that need the file.
"""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from common.http import Transport
from gateway.server.asgi import Receive
from gateway.server.config.uploads import UploadLimits
from gateway.server.http.parameters import Parameters, from_json
from gateway.server.http.request import HttpRequest
from gateway.server.upload.files import Files
from gateway.server.upload.form import Form, boundary_of, malformed, too_large
from gateway.server.upload.transport import UploadTransport

_MAX_MAP = 10_000
_map_decoder = msgspec.json.Decoder(dict[str, list[str]])


class Upload(msgspec.Struct, frozen=True):
    """`marker` begins every marker of this request, and a file's key ends it."""

    parameters: Parameters
    files: Files
    marker: str

    def through(self, transports: Mapping[str, Transport]) -> dict[str, Transport]:
        """The transports by subgraph, for this one request."""
        return {
            name: UploadTransport(transport, self.files, self.marker)
            for name, transport in transports.items()
        }


class Uploads:
    """Reads requests with files up to their first file; `max_operation` bytes at most before."""

    def __init__(self, limits: UploadLimits, max_operation: int) -> None:
        self._limits = limits
        self._max_operation = max_operation

    def boundary(self, request: HttpRequest) -> str | None:
        """What parts the fields of a request with files; None for another request. Raises RequestError (400)."""
        content_type = request.header(b"content-type") if request.method == "POST" else None
        return boundary_of(content_type) if content_type else None

    @asynccontextmanager
    async def read(self, receive: Receive, boundary: str) -> AsyncIterator[Upload]:
        """The request; what is kept of its files is gone afterwards. Raises RequestError: 400, 413."""
        form = Form(receive, boundary, max_parts=self._limits.max_files + 2)
        parameters = from_json(await _field(form, "operations", self._max_operation))
        paths = _read_map(await _field(form, "map", _MAX_MAP))
        if len(paths) > self._limits.max_files:
            raise too_large(f"The request has more than {self._limits.max_files} files")
        marker = f"hansa-upload-{secrets.token_hex(16)}-"
        for key, places in paths.items():
            for place in places:
                _mark(parameters, place, marker + key)
        files = Files(form, paths, self._limits.max_file_size)
        try:
            yield Upload(parameters, files, marker)
        finally:
            files.close()


async def _field(form: Form, name: str, limit: int) -> bytes:
    part = await form.part()
    if part is None or part.name != name:
        raise malformed("the first field must be `operations` and the second `map`")
    return await form.text(limit)


def _read_map(text: bytes) -> dict[str, list[str]]:
    try:
        return _map_decoder.decode(text)
    except msgspec.DecodeError as error:
        raise malformed(f"`map` is no object of lists of paths: {error}") from None


def _mark(parameters: Parameters, place: str, marker: str) -> None:
    root, *steps = place.split(".")
    if root != "variables" or not steps:
        raise malformed(f"the path {place!r} does not start with `variables.`")
    value: Any = parameters.variables
    for step in steps[:-1]:
        value = value[_key(value, step, place)]
    last = _key(value, steps[-1], place)
    if value[last] is not None:
        raise malformed(f"the value at {place!r} is not null")
    value[last] = marker


def _key(value: Any, step: str, place: str) -> str | int:
    if isinstance(value, dict) and step in value:
        return step
    if isinstance(value, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(value):
        return int(step[:9])
    raise malformed(f"`operations` has no value at {place!r}")
