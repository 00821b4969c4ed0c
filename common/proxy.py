"""A reverse proxy that an installed package brings, as a program: the value behind an entry point of `hansa.proxies`.

Whoever runs it, alone or beside the router, gives it listeners and a directory; it knows nothing of those who run it.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeAlias

from common.http.in_process import ASGIApp

ENTRY_POINT_GROUP = "hansa.proxies"


@dataclass(frozen=True)
class RunningProxy:
    """`app` serves clients, every path of it; `doors` is for operators: /health/live, /health/ready, /metrics."""

    app: ASGIApp
    doors: ASGIApp


@dataclass(frozen=True)
class ProxyOptions:
    """`directory` is the process's own, kept from run to run; `apps` are services of this process, for `app://` URLs."""

    directory: Path
    apps: Mapping[str, ASGIApp]


ProxyProgram: TypeAlias = Callable[
    [Mapping[str, str], ProxyOptions], AbstractAsyncContextManager[RunningProxy]
]
"""Runs for the length of its block, by the environment. Raises SettingsError, OSError."""


def installed_proxy() -> ProxyProgram | None:
    """The program; None when no package brings one."""
    for point in entry_points(group=ENTRY_POINT_GROUP):
        program: ProxyProgram = point.load()
        return program
    return None
