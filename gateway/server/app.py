"""The router and what stands around it, as one ASGI app."""

import logging
from collections import defaultdict
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from gateway.server.asgi import ASGIApp, Receive, Scope, Send, plain_text, read_only, respond
from gateway.server.console import Console
from gateway.server.doors import Doors
from gateway.server.health import Health, health_doors
from gateway.server.router import Router
from gateway.server.subscriptions.upstream.callback.door import CallbackDoor
from gateway.server.workers.callbacks import PATH

_log = logging.getLogger("hansa.router")


def create_router_app(
    router: Router,
    *,
    health: Health | None = None,
    metrics: ASGIApp | None = None,
    callbacks: ASGIApp | None = None,
    mounts: Mapping[str, ASGIApp] | None = None,
) -> ASGIApp:
    """The router at its configured path, `/health`, `/metrics`, and the console at `/` unless it is off.

    `mounts` are further ASGI apps by path prefix of one segment, such as `/identity`; they see paths without the
    prefix, and their lifespans are the caller's to run. The router is closed with the app. Doors with an address of
    their own are not among these: see `apps_beside`. `metrics` and `callbacks` stand for the doors to
    the router's own.
    """
    config = router.generation.config
    health = health or Health()
    health.on_stop(router.end_subscriptions)
    around = _doors(router, health, metrics, callbacks).get(None, {})
    paths = around | {config.supergraph.path: router}
    doors = Doors(
        paths,
        mounts or {},
        otherwise=Console(endpoint=config.supergraph.path) if config.console else _nothing,
        websockets=config.supergraph.path,
    )
    return _Lifespan(doors, router)


def apps_beside(
    router: Router, *, health: Health, metrics: ASGIApp | None = None, callbacks: ASGIApp | None = None
) -> dict[str, ASGIApp]:
    """The apps that the configuration gives an address of their own, by it."""
    doors = _doors(router, health, metrics, callbacks)
    return {
        address: Doors(paths, {}, otherwise=_nothing)
        for address, paths in doors.items()
        if address is not None
    }


def own_doors(router: Router, health: Health) -> ASGIApp:
    """`/health`, `/metrics` and `/callback` of this process, whatever the configuration says of those of the whole."""
    read = _read_only(health_doors(health) | {"/metrics": _metrics(router.registry)})
    return Doors(read | {f"{PATH}/*": CallbackDoor(router.callbacks)}, {}, otherwise=_nothing)


def _doors(
    router: Router, health: Health, metrics: ASGIApp | None, callbacks: ASGIApp | None
) -> dict[str | None, dict[str, ASGIApp]]:
    """The doors beside the router's own by address, which is None for the router's, and path."""
    config = router.generation.config
    checks, prometheus = config.health_check, config.telemetry.exporters.metrics.prometheus
    cached = config.response_cache
    found: dict[str | None, dict[str, ASGIApp]] = defaultdict(dict)

    def at(listen: str | None) -> dict[str, ASGIApp]:
        return found[listen if listen in config.addresses_beside else None]

    if checks.enabled:
        at(checks.listen).update(_read_only(health_doors(health, checks.path)))
    if prometheus.enabled:
        at(prometheus.listen)[prometheus.path] = read_only(metrics or _metrics(router.registry))
    if cached.enabled:
        at(cached.invalidation.listen)[cached.invalidation.path] = _invalidations(router)
    if (callback := config.subscription.mode.callback) is not None:
        at(callback.listen)[f"{callback.path}/*"] = callbacks or CallbackDoor(router.callbacks)
    return found


def _read_only(doors: Mapping[str, ASGIApp]) -> dict[str, ASGIApp]:
    return {path: read_only(door) for path, door in doors.items()}


def _invalidations(router: Router) -> ASGIApp:
    from gateway.server.response_cache.endpoint import InvalidationEndpoint  # noqa: PLC0415 - redis loads only when it is used

    return InvalidationEndpoint(lambda: router.generation.pipeline.response_cache)


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
