"""`hansa serve`: the router alone, on a supergraph file."""

import asyncio
import os
import sys
from pathlib import Path

import uvloop

from common.telemetry import Telemetry, configure_logging
from gateway.cli.failure import ADDRESS, CommandError
from gateway.cli.sources import read_supergraph
from gateway.server.app import create_router_app
from gateway.server.config import LOCAL, ConfigError, RouterConfig, load_config
from gateway.server.health import Health
from gateway.server.process import settle
from gateway.server.router import Router
from gateway.server.serving import Address, ListenError, open_listener, serve_router, stop_signals
from gateway.supergraph import Supergraph


def serve(*, supergraph: Path, listen: str | None = None, config: Path | None = None) -> None:
    """Serve a supergraph file at /graphql.

    Requests are accepted once everything is ready. Without a configuration there is no sign-in, introspection is
    on and clients may ask for query plans. Exits with 2 for a file that cannot be served and with 3 where the
    address is taken.

    Parameters
    ----------
    supergraph
        A file with the supergraph's SDL, of any composer.
    listen
        HOST:PORT to listen on; beats the configuration.
    config
        A router.yaml in Apollo Router's keys.
    """
    _configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
    settings = _settings(config)
    address = _address(listen or settings.supergraph.listen)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(read_supergraph(supergraph), settings, address))
        except ListenError as error:
            raise CommandError(str(error), status=ADDRESS) from None


async def _serve(supergraph: Supergraph, config: RouterConfig, address: Address) -> None:
    telemetry, health = Telemetry("router", os.environ), Health()
    with open_listener(*address) as listener, stop_signals() as stop:
        host, port = listener.getsockname()[:2]

        def started() -> None:
            settle()
            print(f"The router listens on http://{host}:{port}{config.supergraph.path}", file=sys.stderr)

        app = create_router_app(_router(supergraph, config, telemetry), health=health)
        await serve_router(app, listener, health=health, stop=stop, started=started)
    await asyncio.to_thread(telemetry.close)


def _router(supergraph: Supergraph, config: RouterConfig, telemetry: Telemetry) -> Router:
    try:
        return Router(supergraph, config, telemetry=telemetry)
    except ValueError as error:
        raise CommandError(str(error)) from None


def _configure_logging(level: str) -> None:
    try:
        configure_logging(level.upper())
    except ValueError:
        raise CommandError(f"LOG_LEVEL `{level}` is not one of DEBUG, INFO, WARNING and ERROR") from None


def _settings(file: Path | None) -> RouterConfig:
    try:
        return load_config(file, os.environ) if file else LOCAL
    except ConfigError as error:
        raise CommandError(str(error)) from None


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise CommandError(str(error)) from None
