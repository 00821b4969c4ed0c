import json
from typing import Any

import httpx
import pytest

from common.http import Request, Response, Transport, open_transport
from gateway.platform.doors import ServiceDoors


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it got."""
    body = (await receive())["body"].decode()
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    told = {"path": scope["path"], "query": scope["query_string"].decode(), "headers": headers, "body": body}
    text = json.dumps({"method": scope["method"], **told}).encode()
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-door", b"1")]})
    await send({"type": "http.response.body", "body": text, "more_body": False})


async def router(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"router", "more_body": False})


@pytest.fixture
def doors() -> Transport:
    services = {"links": open_transport("app://links/graphql", apps={"links": echo})}
    services["gone"] = open_transport("unix:///nowhere/gone.sock?path=/graphql")
    return open_transport("app://doors/", apps={"doors": ServiceDoors(router, services)})


async def get(doors: Transport, path: str, *headers: tuple[str, str]) -> Response:
    return await doors.send(Request(path=path, method="GET", headers=headers))


async def test_a_request_is_passed_on_without_the_services_name(doors: Transport) -> None:
    sent = Request(path="/links/a%20b/c?x=1&y=%20", method="PUT", body=b"text", headers=(("x-own", "v"),))
    answer = await doors.send(sent)
    got = json.loads(answer.body)
    assert (answer.status, dict(answer.headers)["x-door"]) == (201, "1")
    assert (got["method"], got["path"], got["query"], got["body"]) == ("PUT", "/a b/c", "x=1&y=%20", "text")
    assert got["headers"]["x-own"] == "v"


async def test_a_clients_copies_of_platform_headers_are_dropped(doors: Transport) -> None:
    answer = await get(doors, "/links/x", ("hansa-deadline-ms", "0"), ("Hansa-Client-Address", "192.0.2.1"))
    headers = json.loads(answer.body)["headers"]
    assert {name for name in headers if name.startswith("hansa-")} == {"hansa-client-address"}
    assert headers["hansa-client-address"] != "192.0.2.1"


async def test_the_service_is_told_the_clients_address() -> None:
    doors = ServiceDoors(router, {"links": open_transport("app://links/graphql", apps={"links": echo})})
    transport = httpx.ASGITransport(doors, client=("192.0.2.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://hansa.example") as client:
        answer = await client.get("/links/x", headers={"hansa-client-address": "192.0.2.1"})
    assert answer.json()["headers"]["hansa-client-address"] == "192.0.2.9"


async def test_what_is_known_of_a_service_may_stand_before_its_name(doors: Transport) -> None:
    answer = await get(doors, "/.well-known/oauth-authorization-server/links")
    assert json.loads(answer.body)["path"] == "/.well-known/oauth-authorization-server"


@pytest.mark.parametrize(
    "path", ["/", "/graphql", "/linksx/y", "/other/links/x", "/.well-known/links", "/.well-known/x/linksx"]
)
async def test_everything_else_is_the_routers(doors: Transport, path: str) -> None:
    assert (await get(doors, path)).status == 418


@pytest.mark.parametrize("path", ["/links/graphql", "/links/graphql/", "/links//graphql"])
async def test_operations_do_not_come_past_the_router(doors: Transport, path: str) -> None:
    assert (await get(doors, path)).status == 404


async def test_a_service_that_is_gone_is_a_bad_gateway_with_no_detail(doors: Transport) -> None:
    answer = await get(doors, "/gone/x")
    assert answer.status == 502
    assert b"sock" not in answer.body


async def test_a_body_that_is_too_large_is_refused(doors: Transport) -> None:
    answer = await doors.send(Request(path="/links/x", body=bytes(16 * 1024 * 1024 + 1)))
    assert answer.status == 413
