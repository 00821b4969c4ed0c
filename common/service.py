"""What a service tells the platform about itself: the value behind an entry point of `hansa.subgraphs`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from litestar import Litestar

ENTRY_POINT_GROUP = "hansa.subgraphs"


@dataclass(frozen=True)
class Service:
    """A service with its data, and its subgraph.

    `name` is the subgraph's name, its PostgreSQL schema and the prefix of its HTTP doors. `create_app` is the
    only wiring: it takes the environment and does no I/O before the app's lifespan starts. `migrations` is
    the Alembic script directory. `load_demo` may run any number of times. Without `in_graph` it has HTTP doors only.
    """

    name: str
    create_app: Callable[[Mapping[str, str]], Litestar]
    migrations: Path
    load_demo: Callable[[Mapping[str, str]], Awaitable[None]]
    in_graph: bool = True


def installed_names() -> list[str]:
    """The names of the services that the installed packages bring, sorted."""
    return sorted(entry_points(group=ENTRY_POINT_GROUP).names)


def installed_service(name: str) -> Service:
    """The installed service of that name; only its own package is imported.

    Raises:
        KeyError: no installed package brings it.
        ImportError, AttributeError: the package that brings it is broken.
    """
    service: Service = entry_points(group=ENTRY_POINT_GROUP)[name].load()
    return service
