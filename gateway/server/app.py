"""The router and what stands around it, as one ASGI app."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

from litestar import Litestar, MediaType, Response, asgi, get
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.types import ASGIApp as LitestarASGIApp
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.server.asgi import ASGIApp
from gateway.server.console import Console
from gateway.server.doors import Doors
from gateway.server.health import Health, health_routes
from gateway.server.router import Router


def create_router_app(
    router: Router,
    *,
    health: Health | None = None,
    mounts: Mapping[str, ASGIApp] | None = None,
) -> Litestar:
    """The router at its configured path, `/health`, `/metrics`, and the console at `/` unless it is off.

    `mounts` are further ASGI apps by path prefix of one segment, such as `/identity`; they see paths without the
    prefix, and their lifespans are the caller's to run. The router is closed with the app.
    """

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await router.close()

    config = router.config
    handlers = [
        _door(config.supergraph.path, router),
        *health_routes(health or Health()),
        _metrics(router.registry),
    ]
    if config.console:
        handlers.append(_door("/", Console(), is_mount=True))
    app = Litestar(handlers, lifespan=[lifespan], openapi_config=None, logging_config=None)
    doors = Doors({config.supergraph.path: router}, mounts or {}, otherwise=cast("ASGIApp", app.asgi_handler))
    app.asgi_handler = cast("LitestarASGIApp", doors)
    return app


def _door(path: str, app: ASGIApp, *, is_mount: bool = False) -> ASGIRouteHandler:
    async def handle(scope: object, receive: object, send: object) -> None:
        await app(scope, receive, send)

    return asgi(path, is_mount=is_mount, copy_scope=False)(cast("LitestarASGIApp", handle))


def _metrics(registry: CollectorRegistry) -> HTTPRouteHandler:
    @get("/metrics", sync_to_thread=False, media_type=MediaType.TEXT)
    def metrics() -> Response[bytes]:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return metrics
