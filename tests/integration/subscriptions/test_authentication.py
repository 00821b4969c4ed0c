"""Who subscribes: checked when a connection begins, and until the token expires."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from common.streaming import WebSocketClosed
from gateway.server.router import Router
from tests.integration.server.issuer import ISSUER, Issuer
from tests.integration.subscriptions.clients import Talk, events, parts, streamed, talking
from tests.integration.subscriptions.conftest import MakeRouter, configured
from tests.integration.subscriptions.graph import Changes

ACCESS = f"""
authorization: {{require_authentication: true}}
authentication:
  router:
    jwt: {{jwks: [{{url: app://identity/jwks.json, issuers: [{ISSUER}], audiences: [hansa]}}]}}
"""


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def router(make_router: MakeRouter, issuer: Issuer) -> Router:
    return make_router(configured(ACCESS), identity=issuer)


@asynccontextmanager
async def closed(router: Router, code: int, *headers: tuple[str, str]) -> AsyncIterator[Talk]:
    """A conversation that the router closes with a code."""
    async with talking(router, headers) as talk:
        yield talk
        with pytest.raises(WebSocketClosed) as end:
            await talk.hear()
    assert end.value.code == code


@pytest.mark.parametrize("payload", [None, {"authorization": "Bearer x"}])
async def test_a_connection_without_a_good_token_is_closed(
    router: Router, payload: dict[str, Any] | None
) -> None:
    async with closed(router, 4403) as talk:
        await talk.say(type="connection_init", payload=payload)


async def test_a_token_comes_with_the_handshake_or_the_payload(
    router: Router, issuer: Issuer, changes: Changes
) -> None:
    bearer = f"Bearer {issuer.token()}"
    async with talking(router, (("authorization", bearer),)) as talk:
        await talk.begin()
    async with talking(router) as talk:
        await talk.begin({"Authorization": bearer})
        await talk.subscribe()
        await changes.listeners(1)


async def test_a_connection_is_closed_when_its_token_expires(
    router: Router, issuer: Issuer, changes: Changes
) -> None:
    async with closed(router, 4403) as talk:
        await talk.begin({"Authorization": f"Bearer {issuer.token(exp=int(time.time()) + 2)}"})
        await talk.subscribe()
        await changes.listeners(1)
    await changes.listeners(0)


@pytest.mark.parametrize("accept", ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"])
async def test_a_stream_ends_with_a_code_when_its_token_expires(
    router: Router, issuer: Issuer, changes: Changes, accept: str
) -> None:
    bearer = ("authorization", f"Bearer {issuer.token(exp=int(time.time()) + 2)}")
    async with streamed(router, accept=accept, headers=(bearer,)) as response:
        read = events(response) if accept.startswith("text") else parts(response)
        last = [each async for each in read if each not in (("complete", None), None, {})]
    error = (last[-1][1] if isinstance(last[-1], tuple) else last[-1])["errors"][0]
    assert error["extensions"]["code"] == "SUBSCRIPTION_JWT_EXPIRED"
    await changes.listeners(0)


async def test_a_stream_needs_a_token(router: Router) -> None:
    async with streamed(router) as response:
        assert response.status == 401
