"""An application of this process answers as it would over a socket."""

import asyncio
import contextvars
import gzip
from typing import Any

import pytest

from common.http import (
    ProtocolError,
    Request,
    ResponseTooLarge,
    TimeoutError_,
    Transport,
    TransportLimits,
    open_transport,
)

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nothing")


def transport(app: Any, **limits: Any) -> Transport:
    return open_transport(
        "app://inventory/graphql?x=1", apps={"inventory": app}, limits=TransportLimits(**limits)
    )


def answering(*chunks: bytes, status: int = 200, headers: Any = ()) -> Any:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for chunk in chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})

    return app


async def test_the_application_sees_the_request() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        seen["message"] = await receive()
        await answering(b"ok")(scope, receive, send)

    await transport(app).send(Request(body=b"{}", headers=(("Content-Type", "application/json"),)))
    assert (seen["method"], seen["path"], seen["query_string"]) == ("POST", "/graphql", b"x=1")
    assert dict(seen["headers"]) == {
        b"host": b"inventory",
        b"content-length": b"2",
        b"content-type": b"application/json",
    }
    assert seen["message"] == {"type": "http.request", "body": b"{}", "more_body": False}
    assert seen["client"] == ("127.0.0.1", 0)


async def test_a_path_of_the_request_replaces_the_urls() -> None:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        await answering()(scope, receive, send)

    await transport(app).send(Request(path="/a%20b", method="GET"))
    assert (seen["path"], seen["raw_path"], seen["query_string"]) == ("/a b", b"/a%20b", b"")


async def test_a_streamed_body_is_joined() -> None:
    response = await transport(answering(b"a", b"b", status=404, headers=[(b"X-Y", b"z")])).send(Request())
    assert (response.status, response.headers, response.body) == (404, (("x-y", "z"),), b"ab")


async def test_a_compressed_body_is_decoded() -> None:
    app = answering(gzip.compress(b"text"), headers=[(b"content-encoding", b"gzip")])
    assert (await transport(app).send(Request())).body == b"text"


async def test_the_callers_context_does_not_reach_the_application() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(variable.get())
        variable.set("the application's")
        await answering()(scope, receive, send)

    variable.set("the caller's")
    await transport(app).send(Request())
    assert (seen, variable.get()) == (["nothing"], "the caller's")


async def test_an_application_that_fails_answers_500(caplog: pytest.LogCaptureFixture) -> None:
    async def app(*_: Any) -> None:
        raise ValueError("inside")

    response = await transport(app).send(Request())
    assert (response.status, response.body) == (500, b"Internal Server Error")
    assert "inside" in caplog.text


async def test_an_application_that_fails_in_the_middle_hangs_up(caplog: pytest.LogCaptureFixture) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError

    with pytest.raises(ProtocolError):
        await transport(app).send(Request())
    assert caplog.records


async def test_time_runs_out_and_the_application_is_told() -> None:
    told = asyncio.Event()

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        await receive()
        assert (await receive())["type"] == "http.disconnect"
        told.set()

    with pytest.raises(TimeoutError_):
        await transport(app).send(Request(), timeout=0.01)
    await asyncio.wait_for(told.wait(), 5)


async def test_a_caller_that_goes_away_is_a_disconnect() -> None:
    started, told = asyncio.Event(), asyncio.Event()

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        await receive()
        started.set()
        assert (await receive())["type"] == "http.disconnect"
        told.set()

    task = asyncio.ensure_future(transport(app).send(Request()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(told.wait(), 5)


async def test_a_body_beyond_the_limit_is_refused() -> None:
    with pytest.raises(ResponseTooLarge):
        await transport(answering(b"1234", b"5678"), max_response_size=7).send(Request())


async def test_closing_stops_what_runs() -> None:
    async def app(*_: Any) -> None:
        await asyncio.Event().wait()

    opened = transport(app)
    task = asyncio.ensure_future(opened.send(Request()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await opened.close()
    with pytest.raises(ProtocolError):
        await task


@pytest.mark.parametrize("url", ["ftp://x/", "app://unknown/", "graphql", "http:///graphql"])
def test_a_url_that_leads_nowhere_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=url.partition("?")[0]):
        open_transport(url, apps={})


async def test_what_no_header_can_hold_is_not_sent() -> None:
    with pytest.raises(ProtocolError):
        await transport(answering()).send(Request(headers=(("x", "\u2603"),)))
