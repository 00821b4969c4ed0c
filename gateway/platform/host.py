"""Where the services run: in this process, or each in one of its own."""

from collections.abc import Mapping
from typing import Protocol

from common.http.in_process import ASGIApp


class Host(Protocol):
    """Runs all services; its two kinds answer alike."""

    @property
    def apps(self) -> Mapping[str, ASGIApp]:
        """The services of this process, for `app://` URLs."""

    def url(self, name: str, path: str) -> str:
        """Where `path` of the service `name` is reached."""

    async def start(self, environment: Mapping[str, str]) -> None:
        """Migrates and starts all services; each is ready afterwards."""

    async def stop(self) -> None:
        """Stops all that were started."""
