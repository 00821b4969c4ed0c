"""`hansa serve`: the router alone, on a supergraph from a file or a URL."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import Parameter

from common.telemetry import Telemetry, configure_logging
from gateway.cli.failure import ADDRESS, CommandError
from gateway.server.app import apps_beside, create_router_app
from gateway.server.config import ConfigError
from gateway.server.config.duration import Duration
from gateway.server.health import Health
from gateway.server.process import settle
from gateway.server.reloading.origin import Origin, Wanted
from gateway.server.reloading.reloader import Reloader
from gateway.server.reloading.sources import SourceError
from gateway.server.router import Router
from gateway.server.serving import (
    Address,
    ListenError,
    open_listener,
    reload_signal,
    serve_router,
    stop_signals,
)


def serve(
    *,
    supergraph: Annotated[str, Parameter(env_var="APOLLO_ROUTER_SUPERGRAPH_PATH")],
    listen: str | None = None,
    config: Annotated[Path | None, Parameter(env_var="APOLLO_ROUTER_CONFIG_PATH")] = None,
    watch: Annotated[
        bool, Parameter(name=("--watch", "--hot-reload"), negative="", env_var="APOLLO_ROUTER_HOT_RELOAD")
    ] = False,
    poll_interval: str = "10s",
) -> None:
    """Serve a supergraph at /graphql.

    Requests are accepted once everything is ready. Without a configuration there is no sign-in, introspection is
    on and clients may ask for query plans. On SIGHUP the supergraph and the configuration are read again; those that
    cannot be served are refused, and the router goes on with what it has. Exits with 2 for a file that cannot be
    served at the start and with 3 where the address is taken.

    Parameters
    ----------
    supergraph
        A file with the supergraph's SDL, of any composer, or the http(s) URL of one.
    listen
        HOST:PORT to listen on; beats the configuration.
    config
        A router.yaml in Apollo Router's keys.
    watch
        Also read them again whenever a file changes, or what the URL answers.
    poll_interval
        How often a URL is asked, such as 10s.
    """
    _configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
    poll = _duration(poll_interval) if watch else None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            origin = Origin(supergraph, config, os.environ)
            runner.run(_serve(origin, listen, poll))
        except ListenError as error:
            raise CommandError(str(error), status=ADDRESS) from None
        except (SourceError, ConfigError) as error:
            raise CommandError(str(error)) from None


async def _serve(origin: Origin, listen: str | None, poll: float | None) -> None:
    wanted = await origin.load()
    address = _address(listen or wanted.config.supergraph.listen)
    telemetry = Telemetry("router", os.environ)
    router = _router(wanted, telemetry)
    health = Health({"load": router.rejections.check})
    with open_listener(*address) as listener, stop_signals() as stop, reload_signal() as reload:
        host, port = listener.getsockname()[:2]

        def started() -> None:
            settle()
            print(
                f"The router listens on http://{host}:{port}{wanted.config.supergraph.path}", file=sys.stderr
            )

        reloading = asyncio.create_task(Reloader(router, origin).run(reload, poll=poll))
        try:
            await serve_router(
                create_router_app(router, health=health),
                listener,
                health=health,
                stop=stop,
                started=started,
                grace=wanted.config.supergraph.connection_shutdown_timeout,
                beside=apps_beside(router, health=health),
            )
        finally:
            reloading.cancel()
    await asyncio.to_thread(telemetry.close)


def _router(wanted: Wanted, telemetry: Telemetry) -> Router:
    try:
        return Router(*wanted, telemetry=telemetry)
    except ValueError as error:
        raise CommandError(str(error)) from None


def _configure_logging(level: str) -> None:
    try:
        configure_logging(level.upper())
    except ValueError:
        raise CommandError(f"LOG_LEVEL `{level}` is not one of DEBUG, INFO, WARNING and ERROR") from None


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise CommandError(str(error)) from None


def _duration(text: str) -> float:
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise CommandError(f"--poll-interval: {error}") from None
