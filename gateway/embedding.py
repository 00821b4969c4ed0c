"""The router of another program: made of files in one call, to be mounted in that program's own ASGI app."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.telemetry import Telemetry
from gateway.server.asgi import ASGIApp
from gateway.server.config import LOCAL, load_config
from gateway.server.router import Router
from gateway.supergraph import Supergraph

if TYPE_CHECKING:  # they load only when there are any
    from gateway.server.plugins.plugin import Plugin


def load_router(
    supergraph: Path | str,
    config: Path | str | None = None,
    *,
    apps: Mapping[str, ASGIApp] | None = None,
    telemetry: Telemetry | None = None,
    plugins: "Sequence[Callable[[], Plugin[Any]]]" = (),
) -> Router:
    """The router of a supergraph file, by a `router.yaml` or as `hansa serve` has it without one.

    It is an ASGI app that answers at whichever path it is mounted, and an asynchronous context manager that closes it:
    for the lifespan of the app around it. `apps` are what `app://NAME/path` means as a subgraph's URL: they are asked
    in this process, with no socket between. Each of `plugins` makes a plugin, anew for each generation. Raises OSError, SupergraphError, ConfigError, and ValueError for a
    configuration that does not fit the supergraph.
    """
    read = Supergraph.from_sdl(Path(supergraph).read_text(encoding="utf-8"))
    settings = LOCAL if config is None else load_config(Path(config), os.environ)
    return Router(read, settings, apps=apps, telemetry=telemetry, plugins=plugins)
