"""`/v1/refunds`."""

from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from subgraphs.provider.requests import CreateRefund
from subgraphs.provider.routes.answering import AnyRequest, answered, form_of, key_of
from subgraphs.provider.service import CardProvider


def refund_routes(provider: CardProvider) -> list[HTTPRouteHandler]:
    """Refund, and list what was refunded."""

    @post("/refunds", summary="Refund what was captured")
    async def refund(request: AnyRequest) -> Response[Any]:
        return await answered(provider.refund(await form_of(request, CreateRefund), key_of(request)))

    @get("/refunds", summary="List the refunds of a payment intent")
    async def list_refunds(payment_intent: FromQuery[str]) -> Response[Any]:
        return await answered(provider.list_refunds(payment_intent))

    return [refund, list_refunds]
