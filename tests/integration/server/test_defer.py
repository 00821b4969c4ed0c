"""@defer: the first part at once, the others when they are there, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.server.app import create_router_app
from gateway.server.config import parse_config
from tests.integration.server.graph import products, reviews

IN_PARTS = {"accept": "multipart/mixed;deferSpec=20220824, application/json"}
OPERATION = 'query ($on: Boolean = true) { products { name ... @defer(if: $on, label: "later") { reviews { body } } } }'
LATER = [
    {"data": {"reviews": [{"body": f"Good {name}"}]}, "path": ["products", number], "label": "later"}
    for number, name in enumerate(("Chair", "Table"))
]


class Gate:
    """An app whose requests wait until it is opened, and that knows who has left."""

    def __init__(self, app: Any) -> None:
        self.opened = asyncio.Event()
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.set()
        opened = asyncio.ensure_future(self.opened.wait())
        message = await receive()
        gone = asyncio.ensure_future(receive())
        await asyncio.wait((opened, gone), return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            self.left.set()
            return
        gone.cancel()

        async def again() -> Any:
            return message

        await self._app(scope, again, send)


async def parts_of(response: httpx.Response) -> AsyncIterator[Any]:
    """The JSON of each part, as soon as the delimiter after it has come."""
    assert response.headers["content-type"] == 'multipart/mixed;boundary="-";deferSpec=20220824'
    text = ""
    count = 0
    async for piece in response.aiter_text():
        text += piece
        *whole, _ = text.split("\r\n---")
        for part in whole[count + 1 :]:
            head, _, body = part.removeprefix("\r\n").partition("\r\n\r\n")
            assert head == "content-type: application/json; charset=utf-8"
            count += 1
            yield json.loads(body)
    assert text.endswith("\r\n-----\r\n")


Ask = Callable[..., Any]


@pytest.fixture
def ask(make_router: Callable[..., Any], serve: Callable[..., Any]) -> Ask:
    """Sends an operation to a router on a socket; gives the response, whose body comes as it is read."""

    @asynccontextmanager
    async def send(
        operation: str,
        *,
        headers: dict[str, str] = IN_PARTS,
        config: str = "",
        variables: Any = None,
        **apps: Any,
    ) -> AsyncIterator[httpx.Response]:
        app = create_router_app(make_router(parse_config(config, {}), apps=apps))
        body = {"query": operation, "variables": variables}
        async with (
            serve(app) as url,
            httpx.AsyncClient() as client,
            client.stream("POST", f"{url}/graphql", json=body, headers=headers) as response,
        ):
            yield response

    return send


async def test_what_is_deferred_comes_after_the_first_part(ask: Ask) -> None:
    gate = Gate(reviews())
    async with ask(OPERATION, reviews=gate) as response, aclosing(parts_of(response)) as parts:
        first = {"data": {"products": [{"name": "Chair"}, {"name": "Table"}]}, "hasNext": True}
        assert await anext(parts) == first
        gate.opened.set()
        assert [part async for part in parts] == [{"incremental": LATER, "hasNext": False}]


async def test_one_that_defers_nothing_is_answered_whole(ask: Ask) -> None:
    async with ask(OPERATION, variables={"on": False}) as response:
        await response.aread()
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        reviewed = [{"name": name, "reviews": [{"body": f"Good {name}"}]} for name in ("Chair", "Table")]
        assert response.json() == {"data": {"products": reviewed}}


async def test_a_client_that_takes_no_parts_is_told_what_to_send(ask: Ask) -> None:
    async with ask(OPERATION, headers={"accept": "application/json"}) as response:
        await response.aread()
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (
            406,
            "DEFER_BAD_HEADER",
        )
        assert "multipart/mixed;deferSpec=20220824" in response.json()["errors"][0]["message"]


async def test_a_failure_of_a_deferred_fetch_is_an_error_of_its_part(ask: Ask) -> None:
    async def failing(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    async with ask(OPERATION, reviews=failing) as response:
        first, second = [part async for part in parts_of(response)]
    assert "errors" not in first
    assert [patch["data"] for patch in second["incremental"]] == [{"reviews": None}] * 2
    assert [patch["errors"][0]["path"] for patch in second["incremental"]] == [
        ["products", 0],
        ["products", 1],
    ]


async def test_a_client_that_goes_away_ends_what_is_deferred(ask: Ask) -> None:
    gate = Gate(reviews())
    async with ask(OPERATION, reviews=gate) as response:
        await anext(parts_of(response))
        await gate.asked.wait()
    await asyncio.wait_for(gate.left.wait(), 10)


async def test_an_operation_of_a_batch_cannot_defer(
    make_router: Callable[..., Any], client_of: Callable[..., httpx.AsyncClient]
) -> None:
    on = "batching: {enabled: true, mode: batch_http_link}"
    async with client_of(make_router(parse_config(on, {}))) as client:
        answer = await client.post(
            "/graphql", json=[{"query": OPERATION}, {"query": "{__typename}"}], headers=IN_PARTS
        )
    refused, answered = answer.json()
    assert refused["errors"][0]["extensions"]["code"] == "DEFER_NOT_ALONE"
    assert answered == {"data": {"__typename": "Query"}}


async def test_a_defect_in_a_later_part_is_told_and_logged(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.execution.parts._Delivery.patches", fail)
    async with ask(OPERATION, products=products()) as response:
        _, last = [part async for part in parts_of(response)]
    assert last == {
        "errors": [{"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}],
        "hasNext": False,
    }
    assert "A deferred part could not be answered" in [record.message for record in caplog.records]
