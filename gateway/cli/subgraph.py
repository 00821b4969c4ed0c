"""`hansa subgraph`: one service alone."""

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import cast

import uvloop

from common.service import Service
from common.settings import SettingsError
from common.telemetry import configure_logging
from gateway.cli.failure import ADDRESS, CommandError
from gateway.platform.errors import PlatformError
from gateway.platform.services import find_service, migrate_service
from gateway.server.asgi import ASGIApp
from gateway.server.health import Health
from gateway.server.process import settle
from gateway.server.serving import Address, ListenError, open_listener, serve_router, stop_signals


def subgraph(name: str, /, *, listen: str = "127.0.0.1:8000") -> None:
    """Run one of the platform's services alone.

    Its database is migrated first. What it needs is read from the environment: DATABASE_URL, REDIS_URL, NATS_URL,
    HANSA_ISSUER, HANSA_JWKS_URL and the service's own; what is missing is named.

    Parameters
    ----------
    name
        The service, such as identity.
    listen
        HOST:PORT, or unix:PATH for a Unix socket.
    """
    configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
    try:
        service = find_service(name)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(service, listen))
    except ListenError as error:
        raise CommandError(str(error), status=ADDRESS) from None
    except (PlatformError, SettingsError, ValueError) as error:
        raise CommandError(str(error)) from None


async def _run(service: Service, listen: str) -> None:
    app = service.create_app(os.environ)
    listener = _listener(listen)

    def started() -> None:
        settle()
        print(f"{service.name} listens on {listen}", file=sys.stderr)

    with stop_signals() as stop:
        await migrate_service(service, os.environ)
        await serve_router(cast("ASGIApp", app), listener, health=Health(), stop=stop, started=started)


def _listener(listen: str) -> socket.socket:
    """The socket to serve; a Unix socket's file of a run that was killed is replaced."""
    if not listen.startswith("unix:"):
        return open_listener(*Address.parse(listen))
    path = Path(listen.removeprefix("unix:"))
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    return listener
