"""Requests and answers on their way through."""

from tests.integration.proxy.control import KEY
from tests.integration.proxy.gateways import Gateway
from tests.integration.proxy.upstreams import Server


async def test_a_request_and_its_answer_pass(proxy: Gateway) -> None:
    reply = await proxy.ask("/a/b?c=d&e", method="POST", body=b"hello", headers=[("X-Mine", "1")])
    assert reply.status == 200
    assert reply.json["line"] == "POST /a/b?c=d&e HTTP/1.1"
    assert reply.json["body"] == "hello"
    assert ("x-mine", "1") in reply.seen
    assert reply.headers["server"] == "echo"


async def test_a_key_is_needed_where_the_policy_says_so(proxy: Gateway) -> None:
    reply = await proxy.ask("/keyed")
    assert reply.status == 401
    assert reply.json["policy"] == "key"
    assert reply.headers["www-authenticate"].startswith("Bearer")
    reply = await proxy.ask("/keyed", key=KEY)
    assert reply.status == 200
    seen = dict(reply.seen)
    assert seen["x-hansa-consumer"] == "ada"
    assert "x-api-key" not in seen


async def test_connections_to_the_upstream_are_kept(proxy: Gateway, upstream: Server) -> None:
    for _ in range(5):
        assert (await proxy.ask("/")).status == 200
    assert upstream.connections == 1


async def test_a_head_has_no_body_and_keeps_the_connection(proxy: Gateway, upstream: Server) -> None:
    for _ in range(3):
        reply = await proxy.ask("/", method="HEAD")
        assert reply.status == 200
        assert int(reply.headers["content-length"]) > 0
    assert upstream.connections == 1
