"""The plugins of a generation, and the pipeline that they make."""

from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from common.http import open_transport
from gateway.server.config import RouterConfig
from gateway.server.config.load import convert_value
from gateway.server.coprocessor.plugin import Coprocessor
from gateway.server.pipeline import Pipeline
from gateway.server.plugins.classes import plugin_class
from gateway.server.plugins.pipeline import PluggedPipeline
from gateway.server.plugins.plugin import Plugin, config_type
from gateway.server.surroundings import Surroundings
from gateway.supergraph import Supergraph


def open_plugged(
    supergraph: Supergraph, config: RouterConfig, surroundings: Surroundings, opened: AsyncExitStack
) -> Pipeline:
    """The pipeline with the configuration's plugins, those that the router's owner gave it, and the coprocessor.

    Raises ValueError for a plugin that cannot be made.
    """
    plugins: list[Plugin[Any]] = [_made(name, section) for name, section in config.plugins.named.items()]
    plugins += [make() for make in surroundings.plugins]
    if config.coprocessor is not None:
        open_ = partial(open_transport, apps=surroundings.apps)
        plugins.append(Coprocessor(config.coprocessor, supergraph.sdl, open_))
    return PluggedPipeline(supergraph, config, surroundings, opened, plugins)


def _made(name: str, section: Any) -> Plugin[Any]:
    kind = plugin_class(name)
    return kind(convert_value(section or {}, config_type(kind)))
