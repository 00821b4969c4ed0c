"""`/v1/payment_intents`."""

from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from subgraphs.provider.requests import (
    CancelIntent,
    CaptureIntent,
    ConfirmIntent,
    CreateIntent,
    UpdateIntent,
    parse_search,
)
from subgraphs.provider.routes.answering import AnyRequest, answered, form_of, key_of
from subgraphs.provider.service import CardProvider


def intent_routes(provider: CardProvider) -> list[HTTPRouteHandler]:
    """Create, find, and every step of a payment intent."""

    @post("/payment_intents", summary="Create a payment intent")
    async def create(request: AnyRequest) -> Response[Any]:
        return await answered(provider.create(await form_of(request, CreateIntent), key_of(request)))

    @get("/payment_intents/search", summary="Search payment intents by metadata")
    async def search(request: AnyRequest) -> Response[Any]:
        return await answered(provider.search(parse_search(request.query_params.get("query", ""))))

    @get("/payment_intents/{intent:str}", summary="Retrieve a payment intent")
    async def retrieve(intent: FromPath[str]) -> Response[Any]:
        return await answered(provider.retrieve(intent))

    @post("/payment_intents/{intent:str}", summary="Add to the metadata of a payment intent")
    async def update(request: AnyRequest, intent: FromPath[str]) -> Response[Any]:
        return await answered(provider.update(intent, await form_of(request, UpdateIntent), key_of(request)))

    @post("/payment_intents/{intent:str}/confirm", summary="Confirm a payment intent")
    async def confirm(request: AnyRequest, intent: FromPath[str]) -> Response[Any]:
        return await answered(
            provider.confirm(intent, await form_of(request, ConfirmIntent), key_of(request))
        )

    @post("/payment_intents/{intent:str}/capture", summary="Capture a payment intent")
    async def capture(request: AnyRequest, intent: FromPath[str]) -> Response[Any]:
        return await answered(
            provider.capture(intent, await form_of(request, CaptureIntent), key_of(request))
        )

    @post("/payment_intents/{intent:str}/cancel", summary="Cancel a payment intent")
    async def cancel(request: AnyRequest, intent: FromPath[str]) -> Response[Any]:
        return await answered(provider.cancel(intent, await form_of(request, CancelIntent), key_of(request)))

    return [create, search, retrieve, update, confirm, capture, cancel]
