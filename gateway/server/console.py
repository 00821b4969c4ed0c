"""The console's built files, at `/`."""

import asyncio
from email.utils import formatdate
from html import escape
from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path
from zlib import crc32

from gateway.server.asgi import Receive, Scope, Send, plain_text, respond

DIST = Path(str(files("gateway"))) / "console" / "dist"
_MISSING = "The console is not built. Run `make setup` in the project's folder, then reload this page.\n"
_ENDPOINT = b'name="hansa-endpoint" content="/graphql"'
"""As it stands in the page that Vite built."""
_YEAR = "public, max-age=31536000, immutable"


class Console:
    """Serves the files below `directory`.

    What stands in `assets/` has a hash in its name and is cached for good; the rest is asked for again each time and
    answered with 304 where it is unchanged (RFC 9110, section 13.1.2). The page is told the router's path `endpoint`, below
    the prefix that the app around it is mounted at.
    """

    def __init__(self, directory: Path = DIST, *, endpoint: str = "/graphql") -> None:
        self._directory = directory.resolve()
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["method"] not in ("GET", "HEAD"):
            headers, body = plain_text("Method not allowed\n")
            await respond(send, 405, [*headers, (b"allow", b"GET, HEAD")], body)
        elif not (self._directory / "index.html").is_file():
            await respond(send, 503, *plain_text(_MISSING))
        elif (file := self._find(scope["path"])) is None:
            await respond(send, 404, *plain_text("Not found\n"))
        else:
            await self._send(file, scope, send)

    def _find(self, path: str) -> Path | None:
        """The file for a URL's path; none outside of the directory."""
        if "\0" in path:
            return None
        file = (self._directory / path.lstrip("/")).resolve()
        file = file / "index.html" if file == self._directory else file
        return file if file.is_relative_to(self._directory) and file.is_file() else None

    async def _send(self, file: Path, scope: Scope, send: Send) -> None:
        endpoint = scope.get("root_path", "") + self._endpoint if file.name == "index.html" else ""
        headers, tag = self._describe(file, endpoint)
        if dict(scope["headers"]).get(b"if-none-match") == tag:
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        body = await asyncio.to_thread(file.read_bytes)
        if endpoint:
            body = body.replace(_ENDPOINT, _told(endpoint))
        headers += [
            (b"content-type", _media_type(file).encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body if scope["method"] == "GET" else b""})

    def _describe(self, file: Path, endpoint: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """A file's caching headers and its entity tag."""
        status = file.stat()
        tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}-{crc32(endpoint.encode()):x}"'.encode()
        hashed = file.is_relative_to(self._directory / "assets")
        headers = [
            (b"cache-control", (_YEAR if hashed else "no-cache").encode()),
            (b"etag", tag),
            (b"last-modified", formatdate(status.st_mtime, usegmt=True).encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        return headers, tag


def _told(endpoint: str) -> bytes:
    return f'name="hansa-endpoint" content="{escape(endpoint)}"'.encode()


def _media_type(file: Path) -> str:
    # The system's table of types is not relied on for those that a browser refuses to run under another one.
    known = {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".css": "text/css",
        ".wasm": "application/wasm",
    }
    media_type = known.get(file.suffix) or guess_type(file.name)[0] or "application/octet-stream"
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
