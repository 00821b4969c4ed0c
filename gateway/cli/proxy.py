"""`hansa proxy`: the reverse proxy alone, as many of them as there are machines for it."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import uvloop

from common.proxy import ProxyOptions, ProxyProgram, installed_proxy
from common.settings import SettingsError
from common.telemetry import configure_logging
from gateway.cli.failure import ADDRESS, CommandError
from gateway.server.health import Health
from gateway.server.process import settle
from gateway.server.serving import (
    Address,
    Door,
    ListenError,
    open_listener,
    open_side_listener,
    serve_router,
    stop_signals,
)


def proxy(
    *,
    listen: str = "127.0.0.1:8080",
    doors: str = "127.0.0.1:8081",
    directory: Path = Path(".hansa/proxy"),
    grace: float = 30.0,
) -> None:
    """Serve tenants' APIs by what the control plane says.

    It reads HANSA_TENANTS_URL and HANSA_TENANTS_TOKEN, HANSA_RATELIMIT_URL and HANSA_RATELIMIT_TOKEN, HANSA_PROXY_TRUSTED,
    HANSA_PROXY_KEY_TTL, HANSA_PROXY_KEEP_KEYS, HANSA_PROXY_KEPT_FOR and HANSA_PROXY_USAGE_INTERVAL. With SIGTERM or Ctrl-C it takes no more requests, lets those that are
    under way end, hands over what was counted, and exits 0. Exits with 3 where an address is taken.

    Parameters
    ----------
    listen
        HOST:PORT for clients.
    doors
        HOST:PORT for operators: /health/live, /health/ready, /metrics, and /auth for nginx's auth_request.
    directory
        Where configurations and usage are kept from run to run; each process has its own.
    grace
        Seconds that requests under way have at the end.
    """
    configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
    program = installed_proxy()
    if program is None:
        raise CommandError("No installed package brings a reverse proxy (entry point group hansa.proxies)")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        listener = open_listener(*Address.parse(listen))
        side = open_side_listener(doors)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(program, listener, side, directory, grace))
    except ListenError as error:
        raise CommandError(str(error), status=ADDRESS) from None
    except (SettingsError, OSError, ValueError) as error:
        raise CommandError(str(error)) from None


async def _run(
    program: ProxyProgram, listener: socket.socket, side: socket.socket, directory: Path, grace: float
) -> None:
    def started() -> None:
        settle()
        names = (f"{host}:{port}" for host, port, *_ in (listener.getsockname(), side.getsockname()))
        print("The proxy listens on http://{}, its doors on http://{}".format(*names), file=sys.stderr)

    with stop_signals() as stop:
        async with program(os.environ, ProxyOptions(directory, {})) as running:
            await serve_router(
                running.app,
                listener,
                health=Health(),
                stop=stop,
                started=started,
                grace=grace,
                beside=[Door(side, running.doors)],
            )
