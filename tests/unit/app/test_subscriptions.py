import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from common.app import event_stream
from common.http import Request
from common.streaming import StreamedResponse

HEADERS = (("content-type", "application/json"), ("accept", "text/event-stream"))


@asynccontextmanager
async def stream(harbour: Any, query: str, *headers: tuple[str, str]) -> AsyncIterator[StreamedResponse]:
    request = Request(
        path="/graphql", body=json.dumps({"query": query}).encode(), headers=(*HEADERS, *headers)
    )
    async with asyncio.timeout(20), harbour.streams.send(request) as response:
        yield response


async def whole(harbour: Any, query: str) -> str:
    async with stream(harbour, query) as response:
        return b"".join([piece async for piece in response.pieces]).decode()


async def test_each_result_is_an_event_and_the_end_is_told(harbour: Any) -> None:
    async with stream(harbour, "subscription { tides(until: 2) }") as response:
        assert (response.status, response.header("content-type")) == (200, "text/event-stream")
        events = b"".join([piece async for piece in response.pieces]).decode().split("\n\n")
    assert events[:2] == [
        'event: next\ndata: {"data":{"tides":0}}',
        'event: next\ndata: {"data":{"tides":1}}',
    ]
    assert events[3:] == ["event: complete\ndata:", ""]


async def test_a_refusal_in_a_stream_is_shown_with_its_code(harbour: Any) -> None:
    text = await whole(harbour, "subscription { tides(until: 0) }")
    error = json.loads(text.splitlines()[1].removeprefix("data: "))["errors"][0]
    assert error["extensions"] == {"code": "HARBOUR_CLOSED", "until": "spring"}


async def test_a_query_is_a_stream_of_one_result(harbour: Any) -> None:
    text = await whole(harbour, "{ ships }")
    assert text == 'event: next\ndata: {"data":{"ships":3}}\n\nevent: complete\ndata:\n\n'


@pytest.mark.parametrize("query", ["subscription { gales }", "subscription {"])
async def test_a_bad_document_is_one_result_of_errors(harbour: Any, query: str) -> None:
    text = await whole(harbour, query)
    assert text.count("event: next") == 1
    assert '"errors"' in text


async def test_a_silent_stream_gives_signs_of_life(harbour: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "SIGN_OF_LIFE", 0.01)
    async with stream(harbour, "subscription { tides(until: 0, rest: true) }") as response:
        assert await anext(response.pieces) == b":\n\n"
        assert await anext(response.pieces) == b":\n\n"


async def test_a_client_that_leaves_ends_the_source(harbour: Any) -> None:
    async with stream(harbour, "subscription { tides(until: 1, rest: true) }") as response:
        await anext(response.pieces)
        assert not harbour.stream_ended.is_set()
    async with asyncio.timeout(20):
        await harbour.stream_ended.wait()


async def test_a_stream_ends_when_its_time_is_over(harbour: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.app.endpoint.lifetime", lambda _: 0.1)
    text = await whole(harbour, "subscription { tides(until: 1, rest: true) }")
    assert text.endswith("event: complete\ndata:\n\n")
    assert harbour.stream_ended.is_set()


async def test_a_subscription_that_wants_json_is_told_what_to_accept(harbour: Any) -> None:
    error = json.loads((await harbour.ask("subscription { tides(until: 1) }")).body)["errors"][0]
    assert error["extensions"]["code"] == "NOT_ACCEPTABLE"
    assert "text/event-stream" in error["message"]
