"""Runs the plugins' hooks of each stage, in order, and answers for what they raise."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from gateway.server.errors import RequestError, error_body
from gateway.server.plugins.plugin import Plugin
from gateway.server.plugins.stages import (
    ExecutionRequest,
    ExecutionResponse,
    RouterRequest,
    RouterResponse,
    SubgraphRequest,
    SubgraphResponse,
    SupergraphRequest,
    SupergraphResponse,
)

Q = TypeVar("Q")
R = TypeVar("R")
_log = logging.getLogger("hansa.router")


class PluginFailed(RequestError):  # noqa: N818 - says what happened
    """A hook raised; the log has what."""

    def __init__(self) -> None:
        super().__init__(500, [error_body("Internal error", "INTERNAL_SERVER_ERROR")])


class HookTimeout(RequestError):  # noqa: N818 - the same
    """A hook was not done in the request's time."""

    def __init__(self) -> None:
        super().__init__(504, [error_body("The request took too long", "GATEWAY_TIMEOUT")])


class Hook(Generic[Q, R]):
    """The overridden hooks of one name."""

    def __init__(self, name: str, plugins: Sequence[Plugin[Any]]) -> None:
        self._name = name
        self._hooks: list[tuple[Plugin[Any], Callable[[Q], Awaitable[R | None]]]] = [
            (plugin, getattr(plugin, name)) for plugin in plugins if plugin.has(name)
        ]

    def __bool__(self) -> bool:
        return bool(self._hooks)

    async def run(self, stage: Q, seconds: float | None = None) -> R | None:
        """What the first plugin gives that gives anything; those after it are not asked.

        `seconds` is what each may take, where nothing else ends it. Raises PluginFailed and HookTimeout.
        """
        for plugin, hook in self._hooks:
            try:
                async with asyncio.timeout(seconds) as limit:
                    given = await hook(stage)
            except RequestError:
                raise
            except Exception:  # noqa: BLE001 - whatever a hook raises
                if limit.expired():
                    raise HookTimeout from None
                _log.exception("The plugin %s failed at %s", _name(plugin), self._name)
                if plugin.on_error == "continue":
                    continue
                raise PluginFailed from None
            if given is not None:
                return given
        return None


class Hooks:
    """All hooks of a generation's plugins."""

    def __init__(self, plugins: Sequence[Plugin[Any]]) -> None:
        self._plugins = plugins
        self._are_started = False
        self._starting: asyncio.Task[None] | None = None
        self._started: list[Plugin[Any]] = []
        back = plugins[::-1]
        self.router_request = Hook[RouterRequest, RouterResponse]("router_request", plugins)
        self.router_response = Hook[RouterResponse, None]("router_response", back)
        self.supergraph_request = Hook[SupergraphRequest, SupergraphResponse]("supergraph_request", plugins)
        self.supergraph_response = Hook[SupergraphResponse, None]("supergraph_response", back)
        self.execution_request = Hook[ExecutionRequest, ExecutionResponse]("execution_request", plugins)
        self.execution_response = Hook[ExecutionResponse, None]("execution_response", back)
        self.subgraph_request = Hook[SubgraphRequest, SubgraphResponse]("subgraph_request", plugins)
        self.subgraph_response = Hook[SubgraphResponse, None]("subgraph_response", back)

    async def start(self) -> None:
        """Starts the plugins in their order, once. Raises ValueError where one does not start."""
        if self._are_started:
            return
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        await asyncio.shield(self._starting)

    async def _start(self) -> None:
        for plugin in self._plugins:
            try:
                await plugin.start()
            except Exception as error:
                raise ValueError(f"The plugin {_name(plugin)} did not start: {error}") from error
            self._started.append(plugin)
        self._are_started = True

    async def close(self) -> None:
        """Closes those that were started, last first."""
        while self._started:
            plugin = self._started.pop()
            try:
                await plugin.close()
            except Exception:  # noqa: BLE001 - the others are closed all the same
                _log.exception("The plugin %s could not be closed", _name(plugin))


def _name(plugin: Plugin[Any]) -> str:
    return f"{type(plugin).__module__}.{type(plugin).__qualname__}"
