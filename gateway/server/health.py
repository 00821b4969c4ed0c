"""`/health`, `/health/live` and `/health/ready`, which Apollo Router spells `/health?live` and `/health?ready`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from gateway.server.asgi import ASGIApp, Receive, Scope, Send, respond

Check = Callable[[], Awaitable[None]]

_log = logging.getLogger(__name__)
_TIMEOUT = 2.0


class Health:
    """Whether the router takes requests: until it is told to stop, and while no check raises.

    Each check has two seconds.
    """

    def __init__(self, checks: Mapping[str, Check] | None = None) -> None:
        self._checks = dict(checks or {})
        self._stopping = False
        self._on_stop: list[Callable[[], None]] = []

    def on_stop(self, call: Callable[[], None]) -> None:
        """`call` once it is told to stop: for what would otherwise never end."""
        self._on_stop.append(call)

    def stop(self) -> None:
        """From now on not ready: a load balancer sends no more."""
        self._stopping = True
        for call in self._on_stop:
            call()

    async def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether ready, and `ok` or `failing` by the name of each check."""
        if self._stopping:
            return False, {"server": "stopping"}
        outcomes = await asyncio.gather(*map(self._passes, self._checks))
        names = {
            name: "ok" if passed else "failing" for name, passed in zip(self._checks, outcomes, strict=True)
        }
        return all(outcomes), names

    async def _passes(self, name: str) -> bool:
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._checks[name]()
        except Exception:  # noqa: BLE001 - whatever a check raises means that it fails
            _log.warning("Readiness check %s fails", name, exc_info=True)
            return False
        return True


def health_doors(health: Health, path: str = "/health") -> dict[str, ASGIApp]:
    """The doors by path; live is 200 while the process runs, ready 503 while it should get no requests."""

    async def live(_scope: Scope, _receive: Receive, send: Send) -> None:
        await _answer(send, 200, {"status": "ok"})

    async def ready(_scope: Scope, _receive: Receive, send: Send) -> None:
        passed, checks = await health.ready()
        body = {"status": "ok" if passed else "failing", "checks": checks}
        await _answer(send, 200 if passed else 503, body)

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        door = ready if scope["query_string"].lower() == b"ready" else live
        await door(scope, receive, send)

    return {path: either, f"{path}/live": live, f"{path}/ready": ready}


async def _answer(send: Send, status: int, body: Mapping[str, object]) -> None:
    await respond(send, status, [(b"content-type", b"application/json")], msgspec.json.encode(body))
