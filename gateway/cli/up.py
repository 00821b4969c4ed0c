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
from gateway.server.serving import ListenError, open_doors, open_listener, serve_router, stop_signals

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
    with Ctrl-C. Exits with 3 where the port is taken.

    Parameters
    ----------
    port
        Where the router listens; 0 takes a free one.
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
        listener = open_listener(host, port)
        with (
            (directory / LOG_FILE).open("a") as log,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            configure_logging(os.environ.get("LOG_LEVEL", "INFO"), log)
            address = f"{host}:{listener.getsockname()[1]}"
            options = Options(
                address=address,
                directory=directory,
                config=config,
                environment=os.environ,
                processes=processes,
            )
            runner.run(_up(options, listener))
    except ListenError as error:
        raise CommandError(str(error), status=ADDRESS) from None
    except (PlatformError, EmbeddedError, SettingsError, ConfigError) as error:
        raise CommandError(str(error), status=1) from None


async def _up(options: Options, listener: socket.socket) -> None:
    terminal = Terminal()
    with stop_signals() as stop:
        startup = asyncio.current_task()
        assert startup is not None
        interruption = asyncio.create_task(_interrupt(startup, stop))
        try:
            async with running_platform(options, find_services(), terminal.progress) as platform:
                interruption.cancel()

                def started() -> None:
                    settle()
                    terminal.welcome(options, platform.services)

                await serve_router(
                    platform.app,
                    listener,
                    health=platform.health,
                    stop=stop,
                    started=started,
                    grace=platform.config.supergraph.connection_shutdown_timeout,
                    beside=open_doors(platform.beside),
                    trusted_proxies=platform.config.trusted_proxies,
                )
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
        finally:
            interruption.cancel()
            terminal.close()


async def _interrupt(startup: asyncio.Task[None], stop: asyncio.Event) -> None:
    """A signal before the platform is up undoes what was started so far."""
    await stop.wait()
    startup.cancel()
