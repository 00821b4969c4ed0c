"""Plugins' classes by their dotted names."""

from typing import Any

from gateway.server.dotted import load_by_name
from gateway.server.plugins.plugin import Plugin


def plugin_class(name: str) -> type[Plugin[Any]]:
    """The class that `plugins` names. Raises ValueError where it is none."""
    found = load_by_name(name, key="plugins")
    if not isinstance(found, type) or not issubclass(found, Plugin):
        message = f"`plugins` names {name!r}, which is no subclass of gateway.server.plugins.Plugin"
        raise ValueError(message)  # noqa: TRY004 - a fault of the configuration
    return found
