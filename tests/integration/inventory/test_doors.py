"""Inventory's HTTP doors: who is let in, and what streams through them."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from litestar import Litestar

from common.app import running
from common.database import Database
from common.http import Request, Response, open_transport
from subgraphs.inventory.app import service
from subgraphs.inventory.service import imports
from tests.unit.auth.conftest import AUDIENCE, ISSUER, Issuer

Send = Callable[..., Awaitable[Response]]
Pour = Callable[[str, Sequence[bytes | None]], Awaitable[int]]
FILE = b"sku,warehouse,quantity\nMUG,MAIN,30\r\nNONE,MAIN,1\n\nROPE,MAIN,7"


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def app(
    database: Database, database_url: str, nats_url: str, issuer: Issuer
) -> AsyncIterator[Litestar]:
    assert database, "it has the products"
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
        yield app


@pytest.fixture
async def send(app: Litestar, issuer: Issuer) -> AsyncIterator[Send]:
    """Sends a request with the token of someone with a scope, or without a token."""
    transport = open_transport("app://inventory", apps={"inventory": app})

    async def send(method: str, path: str, scope: str | None, body: bytes = b"") -> Response:
        headers = [] if scope is None else [("authorization", f"Bearer {issuer.token({'scope': scope})}")]
        request = Request(path=path, method=method, body=body, headers=tuple(headers))
        return await transport.send(request)

    yield send
    await transport.close()


@pytest.fixture
def pour(app: Litestar, issuer: Issuer) -> Pour:
    """Sends a file as a server gives it to the app, in chunks; the status. The connection breaks where a chunk is None."""

    async def pour(path: str, chunks: Sequence[bytes | None]) -> int:
        token = issuer.token({"scope": "inventory:write"})
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "PUT",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"authorization", f"Bearer {token}".encode())],
        }
        coming = iter(chunks)
        statuses: list[int] = []

        async def receive() -> Any:
            chunk = next(coming, b"")
            if chunk is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await app(scope, receive, answer)
        return statuses[0]

    return pour


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


async def test_a_file_of_a_spreadsheet_is_read_however_it_is_cut_into_chunks(send: Send, pour: Pour) -> None:
    file = "\ufeffSKU; warehouse,quantity\r\n".replace(";", ",").encode()
    file += '"MUG","MAIN","30"\r\n"KÖNIG ""Ä""",MAIN,1\r\n"ROPE\n",MAIN,1\r\n ROPE , MAIN , 7 \r\n'.encode()
    for size in (1, 2, 3, len(file)):
        chunks = [file[start : start + size] for start in range(0, len(file), size)]
        assert await pour(f"/imports/in-{size}", chunks) == 200
        report = json.loads((await send("GET", f"/imports/in-{size}/report", "inventory:read")).body)
        assert (report["rows"], report["applied"], report["is_complete"]) == (5, 2, True)
        assert [problem["row"] for problem in report["problems"]] == [2, 3, 4]
    stock = (await send("GET", "/stock.csv", "inventory:read")).body.decode().splitlines()
    assert {"MUG,MAIN,30,0,0,0,0,0", "ROPE,MAIN,7,0,0,0,0,0"} <= set(stock)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "cp1252"])
async def test_a_file_in_another_encoding_changes_nothing(send: Send, encoding: str) -> None:
    file = "sku,warehouse,quantity\nMÜG,MAIN,1\nMUG,MAIN,30\n".encode(encoding)
    refused = await send("PUT", "/imports/x", "inventory:write", file)
    assert refused.status == 422
    assert "UTF-8" in json.loads(refused.body)["title"]
    stock = (await send("GET", "/stock.csv", "inventory:read")).body.decode().splitlines()
    assert "MUG,MAIN,20,0,0,0,0,0" in stock


async def test_of_a_file_that_is_cut_off_no_half_of_a_row_counts_and_it_goes_on(
    send: Send, pour: Pour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 1)
    file = b"sku,warehouse,quantity\nMUG,MAIN,30\nROPE,MAIN,7\nTEA,MAIN,90\n"
    assert await pour("/imports/cut", [file[:-3], None]) == 500
    begun = json.loads((await send("GET", "/imports/cut/report", "inventory:read")).body)
    assert begun["is_complete"] is False
    stock = (await send("GET", "/stock.csv", "inventory:read")).body.decode().splitlines()
    assert "TEA,MAIN,100,0,0,0,0,0" in stock
    assert await pour("/imports/cut", [file]) == 200
    stock = (await send("GET", "/stock.csv", "inventory:read")).body.decode().splitlines()
    assert {"MUG,MAIN,30,0,0,0,0,0", "ROPE,MAIN,7,0,0,0,0,0", "TEA,MAIN,90,0,0,0,0,0"} <= set(stock)


async def test_a_file_goes_on_when_what_could_not_be_read_is_mended(
    send: Send, pour: Pour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH", 1)
    good = b"sku,warehouse,quantity,compare_quantity\nMUG,MAIN,30,20\nROPE,MAIN,7,5\n"
    assert await pour("/imports/mended", [good, b"T\xc4A,MAIN,90,100\n"]) == 422
    assert await pour("/imports/mended", [good, b"TEA,MAIN,90,100\n"]) == 200
    report = json.loads((await send("GET", "/imports/mended/report", "inventory:read")).body)
    assert (report["applied"], report["problems"]) == (3, [])


async def test_a_long_file_is_told_of_row_by_row(send: Send, pour: Pour) -> None:
    rows = (f"NONE-{number},MAIN,1\n".encode() for number in range(19_999))
    file = b"".join([b"sku,warehouse,quantity\n", *rows, b"MUG,MAIN,30\n"])
    assert (
        await pour("/imports/long", [file[start : start + 65_536] for start in range(0, len(file), 65_536)])
        == 200
    )
    report = json.loads((await send("GET", "/imports/long/report", "inventory:read")).body)
    assert (report["rows"], report["applied"], report["is_complete"]) == (20_000, 1, True)
    assert [problem["row"] for problem in report["problems"]] == list(range(1, 1001))
