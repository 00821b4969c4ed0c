"""A client's own server, which is told that sessions have ended."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

from tests.integration.identity.browsing import nothing
from tests.integration.server.serving import serving


class BackChannel:
    """Keeps the logout tokens that it was sent, and answers with the statuses that it was told to, then 200."""

    def __init__(self) -> None:
        self.url = ""
        self.tokens: list[str] = []
        self.statuses: list[int] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await nothing(scope, receive, send)
            return
        body = (await receive()).get("body", b"")
        self.tokens += parse_qs(body.decode())["logout_token"]
        status = self.statuses.pop(0) if self.statuses else 200
        headers = [(b"location", self.url.encode())] if status == 302 else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@asynccontextmanager
async def listening() -> AsyncIterator[BackChannel]:
    """A back channel on a port of this machine."""
    channel = BackChannel()
    async with serving(channel) as url:
        channel.url = f"{url}/logged-out?x=1"
        yield channel
