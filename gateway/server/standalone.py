"""A router served by a process of its own: alone at its address, or as one of several workers."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from common.http.tls import server_tls
from common.telemetry import Telemetry, log_as_text
from gateway.server.app import apps_beside, create_router_app, own_doors
from gateway.server.asgi import ASGIApp
from gateway.server.config import RouterConfig
from gateway.server.health import Health
from gateway.server.process import building, settle
from gateway.server.reloading.origin import Origin, Wanted
from gateway.server.reloading.reloader import Reloader
from gateway.server.router import Router
from gateway.server.serving import (
    Address,
    Door,
    open_doors,
    open_listener,
    reload_signal,
    serve_router,
    stop_signals,
)
from gateway.server.subscriptions.upstream.callback.door import CallbackDoor
from gateway.server.tracing import open_telemetry
from gateway.server.workers.callbacks import PassedCallbacks
from gateway.server.workers.place import Place
from gateway.server.workers.siblings import Siblings


class UnfitError(Exception):
    """A configuration that does not fit the supergraph, or this machine."""


class Served(NamedTuple):
    """What is served where."""

    app: ASGIApp
    health: Health
    listener: socket.socket
    beside: Sequence[Door]


async def run_router(
    origin: Origin,
    serve: Callable[[Router], Served],
    environment: Mapping[str, str],
    *,
    poll: float | None,
    started: Callable[[str], None],
) -> None:
    """Serves what `origin` says now, and later on, until SIGTERM or SIGINT.

    `serve` is `alone` or `as_worker`, `poll` the Reloader's, `started` is told the router's URL. Raises SourceError,
    ConfigError, ListenError and UnfitError.
    """
    with building():
        wanted = await origin.load()
    tls = _tls(wanted.config)
    if wanted.config.telemetry.exporters.logging.stdout.format == "text":
        log_as_text()
    telemetry = open_telemetry(wanted.config, environment)
    router = _router(wanted, telemetry)
    with stop_signals() as stop, reload_signal() as reload:
        app, health, listener, beside = serve(router)
        host, port = listener.getsockname()[:2]

        def announce() -> None:
            settle()
            started(f"{wanted.config.scheme}://{host}:{port}{wanted.config.supergraph.path}")

        reloading = asyncio.create_task(Reloader(router, origin).run(reload, poll=poll))
        try:
            await serve_router(
                app,
                listener,
                health=health,
                stop=stop,
                started=announce,
                grace=wanted.config.supergraph.connection_shutdown_timeout,
                beside=beside,
                tls=tls,
                trusted_proxies=wanted.config.trusted_proxies,
            )
        finally:
            reloading.cancel()
    await asyncio.to_thread(telemetry.close)


def alone(router: Router, address: Address | None) -> Served:
    """At `address`, by default the configured one. Raises ListenError, UnfitError."""
    address = address or _configured(router)
    health = Health({"load": router.rejections.check})
    app = create_router_app(router, health=health)
    return Served(app, health, open_listener(*address), open_doors(apps_beside(router, health=health)))


def as_worker(router: Router, place: Place) -> Served:
    """On the supervisor's sockets. Health and metrics are those of all workers; its own are told to these alone."""
    siblings = Siblings(place)
    health = Health(siblings.checks())
    router.callbacks.worker = place.number
    callbacks = PassedCallbacks(CallbackDoor(router.callbacks), place)
    app = create_router_app(router, health=health, metrics=siblings.metrics, callbacks=callbacks)
    inherited = {address: socket.socket(fileno=file) for address, file in place.listeners.items()}
    apps = apps_beside(router, health=health, metrics=siblings.metrics, callbacks=callbacks)
    doors = [Door(inherited[address], apps[address]) for address in inherited.keys() & apps.keys()]
    own = own_doors(router, Health({"load": router.rejections.check}))
    doors.append(Door(_unix_listener(place.socket(place.number)), own))
    return Served(app, health, inherited[""], doors)


def _router(wanted: Wanted, telemetry: Telemetry) -> Router:
    try:
        return Router(*wanted, telemetry=telemetry)
    except ValueError as error:
        raise UnfitError(str(error)) from None


def _tls(config: RouterConfig) -> ssl.SSLContext | None:
    try:
        return None if config.tls.supergraph is None else server_tls(config.tls.supergraph.own)
    except ValueError as error:
        raise UnfitError(f"`tls.supergraph`: {error}") from None


def _configured(router: Router) -> Address:
    try:
        return Address.parse(router.generation.config.supergraph.listen)
    except ValueError as error:
        raise UnfitError(str(error)) from None


def _unix_listener(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # of the process that was this worker before
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    return listener
