"""The router of a GraphQL federation: composition, planning, execution and the doors to them.

What another program needs to have the router inside is named here, and loads when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.embedding import load_router
    from gateway.server.app import create_router_app
    from gateway.server.router import Router

__all__ = ("Router", "create_router_app", "load_router")

_HOMES = {
    "Router": "gateway.server.router",
    "create_router_app": "gateway.server.app",
    "load_router": "gateway.embedding",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
