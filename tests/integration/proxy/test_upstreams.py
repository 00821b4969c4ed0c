"""Which server gets a request, what is sent again, and what becomes of a server that fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.proxy.control import Control, configuration
from tests.integration.proxy.gateways import Gateway, gateway, until
from tests.integration.proxy.upstreams import OK, Behaviour, Seen, Server, saying, server

UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy"


async def hang_up(_: Seen, __: asyncio.StreamReader, ___: asyncio.StreamWriter) -> bool:
    return False


async def hang(_: Seen, reader: asyncio.StreamReader, __: asyncio.StreamWriter) -> bool:
    await reader.read()
    return False


@asynccontextmanager
async def over(
    control: Control, tmp_path: Path, *behaviours: Behaviour, **upstream: Any
) -> AsyncIterator[tuple[Gateway, list[Server]]]:
    """A proxy over one upstream, with a server for each behaviour."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(server(each)) for each in behaviours]
        main = {"targets": [{"url": each.url} for each in servers], **upstream}
        control.set(configuration({"main": main}))
        yield await stack.enter_async_context(gateway(control, tmp_path)), servers


def requests(servers: list[Server]) -> list[int]:
    return [len(each.seen) for each in servers]


@pytest.mark.parametrize("failing", [hang_up, saying(UNAVAILABLE)])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_an_idempotent_request_is_tried_at_another_server(
    control: Control, tmp_path: Path, failing: Behaviour, method: str
) -> None:
    async with over(control, tmp_path, failing, saying(OK), failures=1) as (proxy, servers):
        while not servers[0].seen:  # which one is first is drawn
            body = b"again" if method == "PUT" else None
            reply = await proxy.ask("/", method=method, body=body)
            assert reply.status == 200
    assert len(servers[0].seen) == 1
    assert servers[1].seen[-1].body == (body or b"")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_what_may_have_had_an_effect_is_not_sent_again(
    control: Control, tmp_path: Path, method: str
) -> None:
    async with over(control, tmp_path, hang_up, hang_up) as (proxy, servers):
        reply = await proxy.ask("/", method=method, body=b"x")
    assert (reply.status, reply.json["policy"]) == (502, "upstream")
    assert sum(requests(servers)) == 1


async def test_a_request_that_went_nowhere_is_sent_whatever_it_is(control: Control, tmp_path: Path) -> None:
    async with over(control, tmp_path, saying(OK), saying(OK)) as (proxy, servers):
        await servers[0].stop()
        statuses = [(await proxy.ask("/", method="POST", body=b"x")).status for _ in range(8)]
    assert statuses == [200] * 8
    assert requests(servers) == [0, 8]


async def test_a_body_that_comes_in_pieces_is_sent_once(control: Control, tmp_path: Path) -> None:
    async with over(control, tmp_path, hang_up, hang_up) as (proxy, servers):
        body = b"x" * 1_000_000
        reply = await proxy.ask("/", method="PUT", body=body)
    assert reply.status == 502
    assert sum(requests(servers)) == 1


async def test_retries_have_a_budget(control: Control, tmp_path: Path) -> None:
    async with over(control, tmp_path, hang_up, hang_up, failures=1000, retry_share=0.1) as (proxy, servers):
        for _ in range(40):
            assert (await proxy.ask("/")).status == 502
    assert 40 < sum(requests(servers)) <= 40 + 4 + 10


async def test_an_idle_connection_that_the_server_closed_costs_no_request(
    control: Control, tmp_path: Path
) -> None:
    async def once(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(OK)
        await writer.drain()
        return False  # though it said nothing of closing

    async with over(control, tmp_path, once, attempts=1) as (proxy, _):
        assert [(await proxy.ask("/")).status for _ in range(10)] == [200] * 10


async def test_a_server_that_fails_again_and_again_is_left_alone(control: Control, tmp_path: Path) -> None:
    async with over(control, tmp_path, hang_up, failures=3, ejection=0.5, attempts=1) as (proxy, servers):
        replies = [await proxy.ask("/", method="POST", body=b"") for _ in range(10)]
        assert [reply.status for reply in replies] == [502] * 3 + [503] * 7
        assert replies[-1].headers["retry-after"] == "1"
        assert requests(servers) == [3]
        servers[0].behaviour = saying(OK)
        await until(lambda: _succeeds(proxy))
        assert [(await proxy.ask("/")).status for _ in range(5)] == [200] * 5


async def test_a_server_that_fails_its_health_checks_gets_nothing(control: Control, tmp_path: Path) -> None:
    health = {"path": "/up", "interval": 0.1, "timeout": 1, "healthy": 1, "unhealthy": 1}
    async with over(control, tmp_path, saying(OK), saying(OK), health_check=health) as (proxy, servers):
        servers[0].behaviour = saying(UNAVAILABLE)
        failing = servers[0].seen
        await until(lambda: len([seen for seen in failing if "/up" in seen.line]) >= 3)
        before = len([seen for seen in failing if "/up" not in seen.line])
        assert [(await proxy.ask("/")).status for _ in range(20)] == [200] * 20
        assert len([seen for seen in failing if "/up" not in seen.line]) == before
        servers[0].behaviour = saying(OK)

        async def is_back() -> bool:
            await proxy.ask("/")
            return "/up" not in servers[0].seen[-1].line

        await until(is_back)


async def test_the_less_busy_of_two_gets_the_next_one(control: Control, tmp_path: Path) -> None:
    async with over(control, tmp_path, hang, saying(OK)) as (proxy, servers):
        asking: list[asyncio.Task[object]] = []
        while not servers[0].seen:
            asking.append(asyncio.create_task(proxy.ask("/")))
            await asyncio.sleep(0.02)
        for _ in range(20):
            await proxy.ask("/")
        assert requests(servers)[0] == 1
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


@pytest.mark.parametrize(
    ("timeouts", "policy"), [({"response": 0.2}, "upstream"), ({"total": 0.2}, "deadline")]
)
async def test_an_answer_has_its_time(
    control: Control, tmp_path: Path, timeouts: dict[str, float], policy: str
) -> None:
    async with over(control, tmp_path, hang, attempts=1, timeouts=timeouts) as (proxy, servers):
        reply = await proxy.ask("/")
        assert (reply.status, reply.json["policy"]) == (504, policy)
        await until(lambda: servers[0].closed == 1)


async def test_a_head_that_drips_does_not_get_more_time(control: Control, tmp_path: Path) -> None:
    async def drip(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"x: y\r\n")
            await asyncio.sleep(0.02)
        return False

    async with over(control, tmp_path, drip, attempts=1, timeouts={"response": 0.3}) as (proxy, _):
        assert (await proxy.ask("/")).status == 504


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_answer_is_not_passed_on(control: Control, tmp_path: Path, answer: bytes) -> None:
    async with over(control, tmp_path, saying(answer), attempts=1) as (proxy, _):
        reply = await proxy.ask("/")
    assert (reply.status, reply.json["policy"]) == (502, "upstream")


async def test_two_answers_to_one_request_are_not_taken_for_the_next(
    control: Control, tmp_path: Path
) -> None:
    poison = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison"
    async with over(control, tmp_path, saying(OK + poison), attempts=1) as (proxy, servers):
        for _ in range(5):
            assert (await proxy.ask("/")).body == b"ok"
        assert servers[0].connections == 5


async def test_an_answer_may_end_with_its_connection(control: Control, tmp_path: Path) -> None:
    async def until_the_end(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        await writer.drain()
        return False

    async with over(control, tmp_path, until_the_end) as (proxy, _):
        assert (await proxy.ask("/")).body == b"all of it"


async def test_interim_answers_are_no_answers(control: Control, tmp_path: Path) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
    async with over(control, tmp_path, saying(early + OK)) as (proxy, _):
        reply = await proxy.ask("/")
    assert (reply.status, reply.body) == (200, b"ok")
    assert "link" not in reply.headers


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_some_answers_have_no_body(control: Control, tmp_path: Path, status: str) -> None:
    answer = f"HTTP/1.1 {status}\r\netag: x\r\n\r\n".encode()
    async with over(control, tmp_path, saying(answer)) as (proxy, servers):
        for _ in range(3):
            reply = await proxy.ask("/")
            assert (str(reply.status), reply.headers["etag"]) == (status[:3], "x")
        assert servers[0].connections == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_name_that_leads_inside_is_not_followed(
    control: Control, upstream: Server, tmp_path: Path, host: str
) -> None:
    url = upstream.url.replace("127.0.0.1", host)
    control.set(configuration({"main": {"targets": [{"url": url}], "attempts": 1}}))
    async with gateway(control, tmp_path, HANSA_TENANTS_INNER_UPSTREAMS="false") as proxy:
        reply = await proxy.ask("/")
        assert (reply.status, reply.json["reason"]) == (502, "INNER_ADDRESS")
    assert upstream.seen == []


async def test_a_prefix_can_be_taken_off_and_the_host_kept(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    document = configuration({"main": {"targets": [{"url": upstream.url}], "preserve_host": True}})
    document["routes"].append(
        {"name": "v1", "prefix": "/api/v1", "upstream": "main", "policy": "open", "strip_prefix": True}
    )
    control.set(document)
    async with gateway(control, tmp_path) as proxy:
        reply = await proxy.ask("/%61pi/v1/a%20b?x=1")
        assert reply.json["line"] == "GET /a%20b?x=1 HTTP/1.1"
        assert ("host", "api.example.com") in reply.seen
        assert (await proxy.ask("/api/v1")).json["line"] == "GET / HTTP/1.1"


async def _succeeds(proxy: Gateway) -> bool:
    return (await proxy.ask("/")).status == 200
