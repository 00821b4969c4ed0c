"""The provider's HTTP doors: the API in Stripe's shape, for merchants with a key, and the payer's pages."""

import secrets
from typing import Any

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import ControllerRouterHandler, Guard

from common.idempotency import IdempotencyMismatch
from common.settings import Secret
from subgraphs.provider.errors import ApiError
from subgraphs.provider.routes.answering import mismatched, refused
from subgraphs.provider.routes.intents import intent_routes
from subgraphs.provider.routes.pages import page_routes
from subgraphs.provider.routes.refunds import refund_routes
from subgraphs.provider.routes.reports import report_routes
from subgraphs.provider.service import CardProvider


def routes(provider: CardProvider, key: Secret) -> list[ControllerRouterHandler]:
    """All route handlers over `provider`; those below `/v1` need `Authorization: Bearer KEY`."""
    api = Router(
        "/v1",
        route_handlers=[*intent_routes(provider), *refund_routes(provider), *report_routes(provider)],
        guards=[_authenticating(key)],
        exception_handlers={ApiError: refused, IdempotencyMismatch: mismatched},
    )
    return [api, *page_routes(provider)]


def _authenticating(key: Secret) -> Guard:
    expected = f"Bearer {key.reveal()}".encode()

    async def authenticate(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        if not secrets.compare_digest(connection.headers.get("authorization", "").encode(), expected):
            raise ApiError(401, "api_key_invalid", "Invalid API Key provided")

    return authenticate
