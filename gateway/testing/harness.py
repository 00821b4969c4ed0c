"""A router over subgraphs of a test's own, to be asked as a client asks."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from strawberry.federation import Schema

from common.http import Request, open_transport
from gateway.composition import CompositionError, Subgraph, compose
from gateway.planning import Planner
from gateway.server.asgi import ASGIApp
from gateway.server.config import LOCAL, RouterConfig, parse_config
from gateway.server.config.subgraph_errors import ErrorInclusion
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from gateway.testing.fake_subgraph import FakeSubgraph
from gateway.testing.plans import Plan
from gateway.testing.strawberry import SchemaApp

Graph: TypeAlias = FakeSubgraph | Schema | str

TOLD = replace(LOCAL, include_subgraph_errors=ErrorInclusion(all=True))
"""The configuration unless another is given: as without a file, and subgraphs' errors are shown as they are."""


class CompositionFailed(AssertionError):  # noqa: N818 - says what happened
    """The subgraphs do not compose; `errors` has why, and the message all of it."""

    def __init__(self, errors: tuple[CompositionError, ...]) -> None:
        told = (f"{error.code}: {error.message}{_places(error)}" for error in errors)
        super().__init__("\n".join(["the subgraphs do not compose", *told]))
        self.errors = errors


class Answer(Struct, frozen=True):
    """The router's response; `data` is None where it has none, `body` is what came."""

    status: int
    headers: dict[str, str]
    body: bytes
    data: Any = None
    errors: list[dict[str, Any]] = []
    extensions: dict[str, Any] = {}


class Harness:
    """A router and what a test wants to know of it. `app` is the router itself, for any HTTP client."""

    def __init__(
        self, supergraph_sdl: str, config: RouterConfig, apps: Mapping[str, ASGIApp], **options: Any
    ) -> None:
        self.supergraph_sdl = supergraph_sdl
        self._supergraph = Supergraph.from_sdl(supergraph_sdl)
        self.app = Router(self._supergraph, config, apps=apps, **options)
        self._client = open_transport("app://router/graphql", apps={"router": self.app})

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        operation_name: str | None = None,
    ) -> Answer:
        """What a client is answered that posts this operation."""
        asked = {"query": query, "variables": variables, "operationName": operation_name}
        pairs = {"content-type": "application/json", **{k.lower(): v for k, v in (headers or {}).items()}}
        response = await self._client.send(
            Request(body=msgspec.json.encode(asked), headers=tuple(pairs.items()))
        )
        return _answer(response.status, dict(response.headers), response.body)

    def plan(self, query: str, operation_name: str | None = None) -> Plan:
        """The plan of an operation. Raises OperationError."""
        return Plan(Planner(self._supergraph).plan(query, operation_name))

    def close(self) -> None:
        """Closes the router; for use where no event loop runs."""
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self.app.close())
        finally:
            loop.close()


class MakeHarness(Protocol):
    """The fixture `router`."""

    def __call__(
        self, subgraphs: Mapping[str, Graph], *, config: str | RouterConfig = TOLD, **options: Any
    ) -> Harness:
        """A router over subgraphs by name: fake ones, SDL alone for plans, and Strawberry's federation schemas.

        `config` may be the text of a `router.yaml`; `options` are those of `Router`. Raises CompositionFailed,
        ConfigError, and ValueError for an answer to what a subgraph does not have.
        """


def make_harness(
    subgraphs: Mapping[str, Graph], *, config: str | RouterConfig = TOLD, **options: Any
) -> Harness:
    """See `MakeHarness`."""
    apps = {name: _app(each) for name, each in subgraphs.items()}
    composed = compose(
        Subgraph(name=name, sdl=app.sdl, url=f"app://{name}/graphql") for name, app in apps.items()
    )
    if composed.supergraph_sdl is None:
        raise CompositionFailed(composed.errors)
    for app in apps.values():
        if isinstance(app, FakeSubgraph):
            _ = app.resolvers  # an answer to what is not there is told now, and not by a request
    settings = parse_config(config, {}) if isinstance(config, str) else config
    further = options.pop("apps", None) or {}
    return Harness(composed.supergraph_sdl, settings, {**apps, **further}, **options)


def _app(graph: Graph) -> FakeSubgraph | SchemaApp:
    if isinstance(graph, str):
        return FakeSubgraph(graph)
    return SchemaApp(graph) if isinstance(graph, Schema) else graph


def _answer(status: int, headers: dict[str, str], body: bytes) -> Answer:
    if "json" not in headers.get("content-type", ""):
        return Answer(status, headers, body)
    told = msgspec.json.decode(body)
    if not isinstance(told, dict):
        return Answer(status, headers, body)
    return Answer(
        status, headers, body, told.get("data"), told.get("errors") or [], told.get("extensions") or {}
    )


def _places(error: CompositionError) -> str:
    return "".join(f"\n  {at.subgraph}:{at.line}:{at.column}" for at in error.locations)
