"""Inventory's HTTP doors: who is let in, and what streams through them."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from common.app import running
from common.database import Database
from common.http import Request, Response, open_transport
from subgraphs.inventory.app import service
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

Send = Callable[..., Awaitable[Response]]
FILE = b"sku,warehouse,quantity\nMUG,MAIN,30\r\nNONE,MAIN,1\n\nROPE,MAIN,7"


@pytest.fixture
async def send(database: Database, database_url: str, nats_url: str) -> AsyncIterator[Send]:
    """Sends a request with the token of someone with a scope, or without a token."""
    assert database, "it has the products"
    issuer = Issuer()
    app = service.create_app(
        {
            "DATABASE_URL": database_url,
            "NATS_URL": nats_url,
            "HANSA_ISSUER": ISSUER,
            "HANSA_AUDIENCE": AUDIENCE,
            "HANSA_JWKS_URL": "app://issuer/jwks",
        }
    )
    app.state.apps = {"issuer": issuer}
    async with running(app):
        transport = open_transport("app://inventory", apps={"inventory": app})

        async def send(method: str, path: str, scope: str | None, body: bytes = b"") -> Response:
            headers = [] if scope is None else [("authorization", f"Bearer {issuer.token({'scope': scope})}")]
            request = Request(path=path, method=method, body=body, headers=tuple(headers))
            return await transport.send(request)

        yield send
        await transport.close()


async def test_a_file_goes_in_and_all_stock_comes_out(send: Send) -> None:
    put = await send("PUT", "/imports/monday", "inventory:write", FILE)
    assert put.status == 200
    report: dict[str, Any] = json.loads(put.body)
    assert (report["rows"], report["applied"], report["is_complete"]) == (3, 2, True)
    assert [problem["row"] for problem in report["problems"]] == [2]
    assert json.loads((await send("GET", "/imports/monday/report", "inventory:read")).body) == report
    stock = (await send("GET", "/stock.csv", "inventory:read")).body.decode().splitlines()
    assert stock[0].startswith("sku,warehouse,available")
    assert {"MUG,MAIN,30,0,0,0,0,0", "ROPE,MAIN,7,0,0,0,0,0"} <= set(stock)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/imports/x", b"sku,price\n", 422),
        ("PUT", "/imports/x", b"sku,warehouse,quantity\n\xff\n", 422),
        ("PUT", "/imports/x", b"s" * 10_000, 422),
        ("PUT", f"/imports/{'x' * 201}", FILE, 422),
        ("GET", "/imports/x/report", b"", 404),
    ],
)
async def test_what_cannot_be_is_refused(
    send: Send, method: str, path: str, body: bytes, status: int
) -> None:
    refused = await send(method, path, "inventory:write", body)
    assert (refused.status, json.loads(refused.body)["status"]) == (status, status)


async def test_only_those_with_a_scope_come_in(send: Send) -> None:
    for scope, status in ((None, 401), ("tasks:write", 403), ("inventory:read", 403)):
        assert (await send("PUT", "/imports/x", scope, FILE)).status == status
    for path in ("/imports/x/report", "/stock.csv"):
        assert (await send("GET", path, None)).status == 401
        assert (await send("GET", path, "tasks:read")).status == 403
