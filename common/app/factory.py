"""`create_service`: everything that services have in common, around what is a service's own."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from litestar import Litestar, asgi
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Server
from litestar.types import ControllerRouterHandler
from prometheus_client import CollectorRegistry
from strawberry.federation import Schema

from common.app.edge import Edge, EdgeRoute, document
from common.app.endpoint import GraphQLEndpoint
from common.app.health import Check, health_routes
from common.app.lifespan import Lifespan, closing
from common.app.observer import RequestObserver
from common.app.problems import defect, http_error, overload, refusal
from common.app.request import ServiceRequest
from common.auth import KeySet, Revocations, StalePolicy, TokenVerifier
from common.auth.signatures import MessageVerifier
from common.database import RetryableError
from common.errors import DomainError
from common.http import open_transport
from common.settings import ServiceSettings, SettingsError
from common.telemetry import Telemetry


def create_service(
    *,
    settings: ServiceSettings,
    telemetry: Telemetry,
    schema: Schema | None = None,
    context: Callable[[ServiceRequest], object] = lambda request: request,
    route_handlers: Sequence[ControllerRouterHandler] = (),
    edge: Sequence[EdgeRoute[Any]] = (),
    lifespan: Sequence[Lifespan] = (),
    readiness: Mapping[str, Check] | None = None,
    registry: CollectorRegistry | None = None,
) -> Litestar:
    """The app of the service `settings.service`.

    Without `schema` it has no `/graphql`. `context` makes the resolvers' `info.context` for one request. `edge` are
    doors that Litestar is too slow for. `readiness` are checks by name. `registry` holds the service's own metrics beside
    those of its requests. `lifespan` are context managers entered in order and left in reverse. Apps that share the
    process may be given as `app.state.apps`, by name, before the lifespan starts, for `app://` URLs.
    """
    log = logging.getLogger(f"hansa.{settings.service}")
    registry = registry or CollectorRegistry()
    graph: list[ControllerRouterHandler] = []
    if schema is not None:
        endpoint = GraphQLEndpoint(schema, context, log, _signatures(settings))
        graph.append(asgi("/graphql", copy_scope=False)(endpoint.__call__))
    app = Litestar(
        [*graph, *health_routes(readiness or {}, registry), *route_handlers],
        lifespan=[closing(partial(asyncio.to_thread, telemetry.close)), _verifying(settings), *lifespan],
        exception_handlers={
            DomainError: refusal,
            RetryableError: overload,
            HTTPException: http_error,
            500: defect,
        },
        openapi_config=_openapi(settings.service),
        logging_config=None,
    )
    document(app, edge)
    handler = Edge(app.asgi_handler, edge) if edge else app.asgi_handler
    app.asgi_handler = telemetry.asgi(RequestObserver(handler, log, registry))
    return app


def _signatures(settings: ServiceSettings) -> MessageVerifier | None:
    if settings.signing_keys is None:
        return None
    try:
        return MessageVerifier.parse(settings.signing_keys.reveal())
    except ValueError as error:
        raise SettingsError(
            f"Settings of {settings.service}: HANSA_SIGNING_KEYS is malformed: {error}"
        ) from None


def _verifying(settings: ServiceSettings) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        apps = app.state.get("apps")
        async with AsyncExitStack() as opened:
            keys = KeySet(open_transport(settings.jwks_url, apps=apps))
            opened.push_async_callback(keys.close)
            revocations = None
            if settings.revocations_url is not None:
                policy = StalePolicy(settings.revocations_stale_ok, settings.revocations_then)
                revocations = Revocations(open_transport(settings.revocations_url, apps=apps), policy)
                opened.push_async_callback(revocations.aclose)
            app.state.verifier = TokenVerifier(
                keys, [settings.issuer], [settings.audience, settings.service], revocations=revocations
            )
            yield

    return lifespan


def _openapi(name: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title=f"Hansa {name}",
        version="1",
        path="/schema",
        servers=[Server(url=".")],
        render_plugins=[JsonRenderPlugin(path="/")],
    )
