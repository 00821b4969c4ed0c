"""Guarantee: gateway and upstream agree on where a message ends, which path it is for, and who sends it."""

import json
from typing import Any

import pytest

from tests.integration.proxy.control import HOST, KEY
from tests.integration.proxy.gateways import Gateway
from tests.integration.proxy.upstreams import Server

START = f"Host: {HOST}\r\nConnection: close\r\n"


async def refusal(proxy: Gateway, data: str) -> tuple[int, dict[str, Any]]:
    """The status and the problem document of the only answer to `data`."""
    answer = await proxy.raw(data.encode("latin-1"))
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    head, _, body = answer.partition(b"\r\n\r\n")
    is_problem = b"application/problem+json" in head
    return int(answer.split()[1]), json.loads(body) if is_problem else {}


SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
AMBIGUOUS = {
    "both lengths": f"{START}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "both, the other way": f"{START}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "two lengths": f"{START}Content-Length: 0\r\nContent-Length: 40\r\n\r\n{SMUGGLED}",
    "two equal lengths": f"{START}Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a signed length": f"{START}Content-Length: +5\r\n\r\nhello",
    "two lengths in one": f"{START}Content-Length: 5, 6\r\n\r\nhello",
    "another coding": f"{START}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding before": f"{START}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding twice": f"{START}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": f"{START}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded field": f"{START}X: a\r\n Transfer-Encoding: chunked\r\n\r\n",
    "a bare line feed": f"{START}X: a\nTransfer-Encoding: chunked\r\n\r\n",
    "a zero byte": f"{START}X: a\0b\r\n\r\n",
    "two hosts": f"{START}Host: other.example.com\r\n\r\n",
    "two keys": f"{START}X-API-Key: a\r\nX-API-Key: b\r\n\r\n",
}


@pytest.mark.parametrize("name", AMBIGUOUS)
async def test_a_message_that_two_servers_could_cut_apart_differently_is_refused(
    proxy: Gateway, upstream: Server, name: str
) -> None:
    status, _ = await refusal(proxy, f"POST / HTTP/1.1\r\n{AMBIGUOUS[name]}")
    assert status in {400, 501}
    assert upstream.seen == []


async def test_http_1_0_has_no_chunks(proxy: Gateway, upstream: Server) -> None:
    status, problem = await refusal(
        proxy, f"POST / HTTP/1.0\r\n{START}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    assert (status, problem["policy"]) == (400, "message")
    assert upstream.seen == []


@pytest.mark.parametrize("host", ["", "a b", "a@b", "a/b", "user:pw@a.b", "a:b", "a" * 300])
async def test_a_host_that_is_none_is_refused(proxy: Gateway, host: str) -> None:
    status, problem = await refusal(proxy, f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    assert (status, problem["policy"]) == (400, "message")


async def test_a_request_needs_a_host(proxy: Gateway) -> None:
    status, problem = await refusal(proxy, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert (status, problem["policy"]) == (400, "message")


@pytest.mark.parametrize(
    "path",
    ["/a//b", "/a/../b", "/%2e%2e/a", "/a%2fb", "/a/..;/keyed", "/a%5cb", "/a%252fb", "/./keyed", "//keyed"],
)
async def test_a_path_that_servers_differ_about_is_refused(
    proxy: Gateway, upstream: Server, path: str
) -> None:
    reply = await proxy.ask(path)
    assert (reply.status, reply.json["policy"]) == (400, "path")
    assert reply.json["trace_id"] == reply.headers["hansa-trace-id"]
    assert upstream.seen == []


@pytest.mark.parametrize("path", ["/%6beyed", "/keyed;x=1", "/keyed;/a", "/ke%79ed/a"])
async def test_another_spelling_of_a_path_needs_the_same_key(proxy: Gateway, path: str) -> None:
    assert (await proxy.ask(path)).status == 401
    reply = await proxy.ask(path, key=KEY)
    assert reply.json["line"] == f"GET {path} HTTP/1.1"


@pytest.mark.parametrize("target", ["*", "http://other.example.com/x", "http://other.example.com"])
async def test_a_target_in_another_form_reaches_no_other_host(
    proxy: Gateway, upstream: Server, target: str
) -> None:
    await proxy.raw(f"OPTIONS {target} HTTP/1.1\r\n{START}\r\n".encode())
    for seen in upstream.seen:
        assert seen.line == "OPTIONS /x HTTP/1.1"
        assert seen.values("host") == [upstream.url.removeprefix("http://")]


async def test_a_tunnel_is_refused(proxy: Gateway, upstream: Server) -> None:
    answer = await proxy.raw(f"CONNECT other.example.com:443 HTTP/1.1\r\n{START}\r\n".encode())
    assert b" 200 " not in answer
    assert upstream.seen == []


async def test_another_protocol_is_not_switched_to(proxy: Gateway, upstream: Server) -> None:
    headers = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")]
    reply = await proxy.ask("/", headers=headers)
    assert reply.status == 200
    assert not {"upgrade", "http2-settings", "connection"} & {name for name, _ in reply.seen}
    assert len(upstream.seen) == 1


@pytest.mark.parametrize("path", ["/", "/keyed"])
async def test_identity_cannot_be_claimed_on_any_route(proxy: Gateway, path: str) -> None:
    claimed = [
        ("X-Hansa-Consumer", "root"),
        ("x_hansa_consumer", "root"),
        ("X-Forwarded-For", "6.6.6.6"),
        ("Remote-User", "root"),
    ]
    reply = await proxy.ask(path, key=KEY, headers=claimed)
    assert reply.status == 200
    assert not any(value in {"root", "6.6.6.6"} for _, value in reply.seen)
    seen = dict(reply.seen)
    assert seen["x-hansa-tenant"] == "acme"
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-host"] == HOST


async def test_what_a_connection_header_names_ends_here_and_takes_nothing_of_ours(proxy: Gateway) -> None:
    headers = [("Connection", "x-mine, x-hansa-tenant, x-forwarded-for"), ("X-Mine", "1"), ("X-Other", "1")]
    seen = dict((await proxy.ask("/", headers=headers)).seen)
    assert "x-mine" not in seen
    assert seen["x-other"] == "1"
    assert seen["x-hansa-tenant"] == "acme"
    assert seen["x-forwarded-for"] == "127.0.0.1"


async def test_a_trace_is_continued(proxy: Gateway) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    reply = await proxy.ask("/", headers=[("traceparent", parent)])
    assert dict(reply.seen)["traceparent"].split("-")[1] == parent.split("-")[1]
    assert reply.headers["hansa-trace-id"] == parent.split("-")[1]


async def test_a_chunked_body_is_chunked_anew(proxy: Gateway, upstream: Server) -> None:
    body = b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"
    answer = await proxy.raw(f"POST / HTTP/1.1\r\n{START}Transfer-Encoding: chunked\r\n\r\n".encode() + body)
    assert b"200 OK" in answer
    (seen,) = upstream.seen
    assert seen.body == b"hello world"
    assert b"ext" not in seen.raw
    assert b"Trailer" not in seen.raw
