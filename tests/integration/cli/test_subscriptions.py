"""Subscriptions of a router as its users run it: over sockets, until it is told to stop."""

import asyncio
import time
from pathlib import Path

import pytest

from common.http import Request
from common.streaming import WebSocketClosed, open_streams
from tests.integration.subscriptions.clients import PRICES, SUBPROTOCOL, Talk, events
from tests.integration.subscriptions.graph import Changes
from tests.integration.subscriptions.process import hansa_serve

BODY = b'{"query": "%b"}' % PRICES.encode()
HEADERS = (("content-type", "application/json"), ("accept", "text/event-stream"))


async def test_a_stop_ends_streams_at_once_in_the_way_that_makes_clients_ask_again(tmp_path: Path) -> None:
    changes = Changes()
    async with hansa_serve(tmp_path, changes) as (url, process):
        streams = open_streams(url)
        async with (
            streams.connect("", SUBPROTOCOL, ()) as socket,
            streams.send(Request(body=BODY, headers=HEADERS)) as response,
        ):
            talk = Talk(socket)
            await talk.begin()
            await talk.subscribe()
            received = events(response)
            await changes.listeners(1)
            await asyncio.sleep(0.2)
            await changes.publish(("1", 5))
            assert (await anext(received))[1]["data"]["priceChanged"]["price"] == 5
            assert (await talk.hear())["type"] == "next"
            told = time.monotonic()
            process.terminate()
            with pytest.raises(WebSocketClosed) as closed:
                await talk.hear()
            assert closed.value.code == 1012
            assert [event async for event in received] == []
        assert await process.wait() == 0
        assert time.monotonic() - told < 15  # of the 30 s that requests have
        await changes.listeners(0)
