"""All services in this process, called with no socket."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import cast

from litestar import Litestar

from common.app import running
from common.http.in_process import ASGIApp
from common.service import Service
from gateway.platform.progress import Progress
from gateway.platform.services import migrate_service


class InProcessHost:
    """Starts the services' apps one after another and stops them in reverse."""

    def __init__(self, services: Mapping[str, Service], progress: Progress) -> None:
        self._services = services
        self._progress = progress
        self._apps: dict[str, Litestar] = {}
        self._running = AsyncExitStack()

    @property
    def apps(self) -> Mapping[str, ASGIApp]:
        return cast("Mapping[str, ASGIApp]", self._apps)

    def url(self, name: str, path: str) -> str:
        return f"app://{name}{path}"

    async def start(self, environment: Mapping[str, str]) -> None:
        for name, service in self._services.items():
            self._progress(name, "starting")
            await migrate_service(service, environment)
            self._apps[name] = service.create_app(environment)
        for name, app in self._apps.items():
            app.state.apps = self._apps
            await self._running.enter_async_context(running(app))
            self._progress(name, "ready")

    async def stop(self) -> None:
        await self._running.aclose()
