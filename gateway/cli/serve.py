"""`hansa serve`: the router alone, on a supergraph from a file or a URL."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number

from common.telemetry import configure_logging
from gateway.cli.failure import ADDRESS, CommandError
from gateway.server.config import ConfigError
from gateway.server.config.duration import Duration
from gateway.server.reloading.origin import Origin
from gateway.server.reloading.sources import SourceError
from gateway.server.serving import Address, ListenError
from gateway.server.standalone import UnfitError, alone, as_worker, run_router
from gateway.server.workers.place import Place
from gateway.server.workers.supervisor import Supervisor, WorkersError


def serve(
    *,
    supergraph: Annotated[str, Parameter(env_var="APOLLO_ROUTER_SUPERGRAPH_PATH")],
    listen: str | None = None,
    config: Annotated[Path | None, Parameter(env_var="APOLLO_ROUTER_CONFIG_PATH")] = None,
    watch: Annotated[
        bool, Parameter(name=("--watch", "--hot-reload"), negative="", env_var="APOLLO_ROUTER_HOT_RELOAD")
    ] = False,
    poll_interval: str = "10s",
    workers: Annotated[int, Parameter(validator=Number(gte=1, lte=256))] = 1,
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
    workers
        How many processes serve it at that address.
    """
    place = Place.told_by(os.environ)
    _configure_logging(os.environ.get("LOG_LEVEL", "INFO"))
    poll = _duration(poll_interval) if watch else None
    try:
        origin = Origin(supergraph, config, os.environ)
        address = _address(listen) if listen else None
        if workers > 1 and place is None:
            _run(_supervise(origin, address, workers))
            return
        if place is not None:  # the supervisor's signal may come before the event loop takes it
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        way = partial(as_worker, place=place) if place else partial(alone, address=address)
        started = _say_nothing if place else _say
        _run(run_router(origin, way, os.environ, poll=poll, started=started))
    except ListenError as error:
        raise CommandError(str(error), status=ADDRESS) from None
    except WorkersError as error:
        raise CommandError(str(error), status=error.status) from None
    except (SourceError, ConfigError, UnfitError) as error:
        raise CommandError(str(error)) from None


async def _supervise(origin: Origin, address: Address | None, count: int) -> None:
    config = (await origin.load()).config
    supervisor = Supervisor(
        sys.argv[1:],
        count,
        os.environ,
        address=address or _address(config.supergraph.listen),
        beside=config.addresses_beside,
        grace=config.supergraph.connection_shutdown_timeout,
    )
    await supervisor.run(
        lambda bound: _say(f"{config.scheme}://{bound}{config.supergraph.path} ({count} workers)")
    )


def _run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def _say(url: str) -> None:
    print(f"The router listens on {url}", file=sys.stderr)


def _say_nothing(_url: str) -> None:
    """The supervisor tells once all workers are ready."""


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
