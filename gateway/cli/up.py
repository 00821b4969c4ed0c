"""`hansa up`: the whole platform by one command."""

import asyncio
import os
import socket
from pathlib import Path

import uvloop

from common.embedded import EmbeddedError
from common.settings import SettingsError
from common.telemetry import configure_logging
from gateway.cli.failure import ADDRESS, CommandError
from gateway.platform.errors import PlatformError
from gateway.platform.options import Options
from gateway.platform.platform import LOG_FILE, running_platform
from gateway.platform.services import find_services
from gateway.platform.terminal import Terminal
from gateway.server.config import ConfigError
from gateway.server.process import settle
from gateway.server.serving import (
    Door,
    ListenError,
    open_doors,
    open_listener,
    serve_router,
    stop_signals,
)

CONFIG = Path(__file__).parents[2] / "compose" / "router.yaml"


def up(
    *,
    port: int = 4000,
    host: str = "127.0.0.1",
    processes: bool = False,
    directory: Path = Path(".hansa"),
    config: Path = CONFIG,
) -> None:
    """Bring up the whole platform with demo data.

    PostgreSQL, Valkey and NATS are started unless DATABASE_URL, REDIS_URL or NATS_URL names one. Everything stops
    with Ctrl-C. Exits with 3 where a port is taken.

    Parameters
    ----------
    port
        Where the router listens, and on the next one the reverse proxy; 0 takes free ones.
    host
        The address that it listens on.
    processes
        Give each service a process of its own.
    directory
        Where databases, secrets and logs are.
    config
        The router's configuration.
    """
    directory.mkdir(parents=True, exist_ok=True)
    try:
        listener, beside = open_listener(host, port), open_listener(host, port + 1 if port else 0)
        with (
            (directory / LOG_FILE).open("a") as log,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            configure_logging(os.environ.get("LOG_LEVEL", "INFO"), log)
            address = f"{host}:{listener.getsockname()[1]}"
            options = Options(
                address=address,
                proxy=f"{host}:{beside.getsockname()[1]}",
                directory=directory,
                config=config,
                environment=os.environ,
                processes=processes,
            )
            runner.run(_up(options, listener, beside))
    except ListenError as error:
        raise CommandError(str(error), status=ADDRESS) from None
    except (PlatformError, EmbeddedError, SettingsError, ConfigError) as error:
        raise CommandError(str(error), status=1) from None


async def _up(options: Options, listener: socket.socket, beside: socket.socket) -> None:
    terminal = Terminal()
    with stop_signals() as stop:
        startup = asyncio.current_task()
        assert startup is not None
        interruption = asyncio.create_task(_interrupt(startup, stop))
        try:
            async with running_platform(options, find_services(), terminal.progress) as platform:
                interruption.cancel()
                proxy = [] if platform.proxy is None else [Door(beside, platform.proxy)]

                def started() -> None:
                    settle()
                    terminal.welcome(options, platform.services, with_proxy=bool(proxy))

                await serve_router(
                    platform.app,
                    listener,
                    health=platform.health,
                    stop=stop,
                    started=started,
                    grace=platform.config.supergraph.connection_shutdown_timeout,
                    beside=[*proxy, *open_doors(platform.beside)],
                    trusted_proxies=platform.config.trusted_proxies,
                )
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
        finally:
            interruption.cancel()
            beside.close()
            terminal.close()


async def _interrupt(startup: asyncio.Task[None], stop: asyncio.Event) -> None:
    """A signal before the platform is up undoes what was started so far."""
    await stop.wait()
    startup.cancel()
