"""Guarantee: configurations are switched whole, kept, and each request is served by one of them."""

import asyncio
from pathlib import Path
from typing import Any

from subgraphs.tenants.dataplane.config import Configuration
from tests.integration.proxy.control import HOST, Control, configuration
from tests.integration.proxy.gateways import LIMIT, Gateway, gateway, until
from tests.integration.proxy.upstreams import OK, Seen, Server, saying, server


def versioned(url: str, version: int, **changes: Any) -> dict[str, Any]:
    """A version that names itself to the upstream and to the client."""
    document = configuration(url, version=version, **changes)
    document["policies"]["open"] |= {
        "request_headers": {"set": {"x-version": str(version)}},
        "response_headers": {"set": {"x-version": str(version)}},
    }
    return document


async def serves(proxy: Gateway, version: int) -> bool:
    return (await proxy.ask("/")).headers.get("x-version") == str(version)


async def test_every_request_is_served_by_one_version(control: Control, tmp_path: Path) -> None:
    async def slowly(seen: Seen, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        version = seen.values("x-version")[0].encode()
        writer.write(b"HTTP/1.1 200 OK\r\nx-seen: %b\r\ncontent-length: 0\r\n\r\n" % version)

    async with server(slowly) as upstream:
        control.set(versioned(upstream.url, 1))
        async with gateway(control, tmp_path) as proxy:
            seen = set()

            async def ask() -> None:
                while len(seen) < 5:
                    reply = await proxy.ask("/")
                    assert reply.status == 200
                    assert reply.headers["x-seen"] == reply.headers["x-version"]
                    seen.add(reply.headers["x-version"])

            asking = [asyncio.create_task(ask()) for _ in range(4)]
            for version in range(2, 9):
                control.set(versioned(upstream.url, version))
                await until(lambda version=version: serves(proxy, version))  # type: ignore[misc]
            await asyncio.gather(*asking)


async def test_an_upstream_that_changes_ends_what_it_has_begun(control: Control, tmp_path: Path) -> None:
    may_answer = asyncio.Event()

    async def wait(seen: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if "/slow" in seen.line:
            await may_answer.wait()
        writer.write(OK)

    async with server(wait) as old, server(saying(OK)) as new:
        control.set(versioned(old.url, 1))
        async with gateway(control, tmp_path) as proxy:
            asking = asyncio.create_task(proxy.ask("/slow"))
            await until(lambda: len(old.seen) == 1)
            control.set(versioned(new.url, 2))
            await until(lambda: serves(proxy, 2))
            may_answer.set()
            assert (await asking).headers["x-version"] == "1"
            await until(lambda: old.closed == old.connections)


async def test_who_was_admitted_before_a_switch_is_served_after_it(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    control.set(versioned(upstream.url, 1))
    async with server(saying(OK)) as new, gateway(control, tmp_path) as proxy, asyncio.timeout(LIMIT):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(
            f"POST / HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode()
        )
        await reader.readuntil(b"100 Continue\r\n\r\n")  # its route is chosen, its body still to come
        control.set(versioned(new.url, 2))
        await until(lambda: serves(proxy, 2))
        writer.write(b"ok")
        assert b" 200 OK" in await reader.readuntil(b"\r\n\r\n")
        writer.close()
        assert upstream.seen[-1].values("x-version") == ["1"]


async def test_what_does_not_change_keeps_its_connections(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    control.set(versioned(upstream.url, 1))
    async with gateway(control, tmp_path) as proxy:
        await proxy.ask("/")
        control.set(versioned(upstream.url, 2))
        await until(lambda: serves(proxy, 2))
        assert upstream.connections == 1


async def test_a_tenant_comes_and_goes(control: Control, upstream: Server, tmp_path: Path) -> None:
    control.set(configuration(upstream.url))
    async with gateway(control, tmp_path) as proxy:
        assert (await proxy.ask("/", host="other.example.com")).status == 404
        control.set(configuration(upstream.url, tenant="other", hosts=["other.example.com"]))

        async def status(expected: int) -> bool:
            return (await proxy.ask("/", host="other.example.com")).status == expected

        await until(lambda: status(200))
        control.remove("other")
        await until(lambda: status(404))
        assert (await proxy.ask("/")).status == 200


async def test_nobody_takes_the_host_of_another_by_naming_it(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    control.set(configuration(upstream.url))
    async with gateway(control, tmp_path) as proxy:
        control.set(configuration(upstream.url, tenant="thief", hosts=[HOST, "thief.example.com"]))

        async def thief_is_served() -> bool:
            return (await proxy.ask("/", host="thief.example.com")).status == 200

        await until(thief_is_served)
        assert ("x-hansa-tenant", "acme") in (await proxy.ask("/")).seen


async def test_a_version_that_does_not_hold_together_is_not_switched_to(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    control.set(versioned(upstream.url, 1))
    async with gateway(control, tmp_path) as proxy:
        broken = control.configurations["acme"]
        control.configurations["acme"] = Configuration(
            tenant="acme", version=2, hosts=broken.hosts, routes=broken.routes
        )
        control._tell("tenant", "acme")
        control.set(configuration(upstream.url, tenant="other", hosts=["other.example.com"]))

        async def other_is_served() -> bool:
            return (await proxy.ask("/", host="other.example.com")).status == 200

        await until(other_is_served)
        assert await serves(proxy, 1)


async def test_with_nothing_to_serve_by_it_says_so_until_there_is(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    control.is_down = True
    async with gateway(control, tmp_path) as proxy:
        reply = await proxy.ask("/")
        assert (reply.status, reply.json["policy"]) == (503, "configuration")
        control.set(versioned(upstream.url, 1))
        control.is_down = False
        await until(lambda: serves(proxy, 1))
