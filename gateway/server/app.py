"""The router and what stands around it, as one ASGI app."""

import logging
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.server.asgi import ASGIApp, Receive, Scope, Send, plain_text, read_only, respond
from gateway.server.console import Console
from gateway.server.doors import Doors
from gateway.server.health import Health, health_doors
from gateway.server.router import Router

_log = logging.getLogger("hansa.router")


def create_router_app(
    router: Router,
    *,
    health: Health | None = None,
    mounts: Mapping[str, ASGIApp] | None = None,
) -> ASGIApp:
    """The router at its configured path, `/health`, `/metrics`, and the console at `/` unless it is off.

    `mounts` are further ASGI apps by path prefix of one segment, such as `/identity`; they see paths without the
    prefix, and their lifespans are the caller's to run. The router is closed with the app.
    """
    config = router.generation.config
    around = {**health_doors(health or Health()), "/metrics": _metrics(router.registry)}
    paths = {path: read_only(door) for path, door in around.items()} | {config.supergraph.path: router}
    doors = Doors(paths, mounts or {}, otherwise=Console() if config.console else _nothing)
    return _Lifespan(doors, router)


class _Lifespan:
    """An app whose lifespan is that of the router in it."""

    def __init__(self, app: ASGIApp, router: Router) -> None:
        self._app = app
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        try:
            await self._router.start()
        except ValueError as error:
            _log.exception("The router did not start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._router.close()
        await send({"type": "lifespan.shutdown.complete"})


def _metrics(registry: CollectorRegistry) -> ASGIApp:
    async def metrics(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", CONTENT_TYPE_LATEST.encode())]
        await respond(send, 200, headers, generate_latest(registry))

    return metrics


async def _nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await respond(send, 404, *plain_text("Not found\n"))
