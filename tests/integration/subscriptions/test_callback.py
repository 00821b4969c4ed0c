"""Apollo's HTTP callback protocol, from a subgraph over sockets to a client over graphql-transport-ws."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.streaming import open_streams
from gateway.server.app import apps_beside, create_router_app, own_doors
from gateway.server.config import ConfigError, parse_config
from gateway.server.health import Health
from gateway.server.router import Router
from gateway.server.serving import open_listener
from gateway.server.subscriptions.upstream.callback.door import CallbackDoor
from gateway.server.workers.callbacks import PassedCallbacks
from gateway.server.workers.place import Place
from tests.integration.cli.serving import serving as hansa_serving
from tests.integration.server.serving import serving
from tests.integration.streaming.conftest import served
from tests.integration.subscriptions.calling_back import Asked, CallingBack
from tests.integration.subscriptions.clients import NAMED_PRICES, PRICES, SUBPROTOCOL, Talk
from tests.integration.subscriptions.conftest import MakeRouter
from tests.integration.subscriptions.graph import supergraph_sdl

MODE = (
    "subscription: {{enabled: true, mode: {{callback: {{public_url: '{url}', subgraphs: [prices]{more}}}}}}}"
)
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def free_port() -> int:
    with open_listener("127.0.0.1", 0) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def at_port(app: Any, port: int = 0) -> AsyncIterator[str]:
    async with served(app, port=port) as server:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    if isinstance(app, CallingBack):
        await app.close()


class Setting:
    """A router at `url`, whose client `talk` is, over the subgraph that calls back."""

    def __init__(self, router: Router, url: str, talk: Talk) -> None:
        self.router = router
        self.url = url
        self.talk = talk

    async def hear(self) -> Any:
        async with asyncio.timeout(10):
            return await self.talk.hear()

    async def price(self) -> int:
        price: int = (await self.hear())["payload"]["data"]["priceChanged"]["price"]
        return price


@asynccontextmanager
async def talking_at(url: str) -> AsyncIterator[Talk]:
    async with open_streams(f"{url}/graphql").connect("", SUBPROTOCOL, ()) as socket:
        talk = Talk(socket)
        await talk.begin()
        yield talk


@asynccontextmanager
async def router_over(
    make_router: MakeRouter, subgraph: str, more: str = "", public: str = "/callback"
) -> AsyncIterator[Setting]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    config = parse_config(MODE.format(url=url + public, more=more), {})
    router = make_router(config, prices_url=f"{subgraph}/graphql")
    async with serving(create_router_app(router), port=port), talking_at(url) as talk:
        yield Setting(router, url, talk)


@pytest.fixture
async def subgraph() -> CallingBack:
    return CallingBack()


@pytest.fixture
async def setting(make_router: MakeRouter, subgraph: CallingBack) -> AsyncIterator[Setting]:
    async with at_port(subgraph) as url, router_over(make_router, url) as setting:
        yield setting


async def test_events_come_by_callback_until_the_subgraph_completes(
    setting: Setting, subgraph: CallingBack
) -> None:
    await setting.talk.subscribe("a", NAMED_PRICES)
    asked = await subgraph.next()
    assert asked.headers["accept"] == "application/json;callbackSpec=1.0, application/json"
    assert asked.body["query"].startswith("subscription")
    assert asked.url == f"{setting.url}/callback/{asked.id}"
    assert asked.interval == 5
    assert subgraph.checked is not None
    assert (subgraph.checked.status_code, subgraph.checked.content) == (204, b"")
    assert subgraph.checked.headers["subscription-protocol"] == "callback/1.0"
    assert "content-length" not in subgraph.checked.headers
    for price in (5, 6):
        assert (await asked.price(price)).status_code == 204
        product = {"id": "1", "price": price, "name": "Chair"}
        assert (await setting.hear())["payload"] == {"data": {"priceChanged": product}}
    assert (await asked.say("complete")).status_code == 204
    assert await setting.hear() == {"id": "a", "type": "complete"}
    assert (await asked.price(7)).status_code == 404
    assert (await asked.say("check")).status_code == 404


async def test_events_that_come_before_the_answer_are_kept(make_router: MakeRouter) -> None:
    said: list[int] = []

    async def hasty(asked: Asked) -> None:
        said.extend([(await asked.price(price)).status_code for price in range(129)])
        said.extend([(await asked.say("complete")).status_code, (await asked.price(0)).status_code])

    async with at_port(CallingBack(before=hasty)) as url, router_over(make_router, url) as setting:
        await setting.talk.subscribe()
        assert [await setting.price() for _ in range(128)] == list(range(128))
        assert (await setting.hear())["type"] == "complete"
    assert said == [204] * 128 + [503, 204, 404]


async def test_errors_at_the_end_reach_the_client(setting: Setting, subgraph: CallingBack) -> None:
    await setting.talk.subscribe("a")
    asked = await subgraph.next()
    assert (await asked.say("complete", errors=[{"message": "sold out"}])).status_code == 204
    (error,) = (await setting.hear())["payload"]["errors"]
    assert error["extensions"]["service"] == "prices"
    assert await setting.hear() == {"id": "a", "type": "complete"}


async def test_a_wrong_verifier_changes_nothing(setting: Setting, subgraph: CallingBack) -> None:
    await setting.talk.subscribe()
    asked = await subgraph.next()
    for action in ("check", "next", "heartbeat", "complete"):
        wrong = await asked.say(action, verifier="0" * 64, payload={})
        assert (wrong.status_code, wrong.text) == (400, "The verifier is wrong\n")
    assert (await asked.say("check", verifier="ü")).status_code == 400
    assert (await asked.price(5)).status_code == 204
    assert await setting.price() == 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1]",
        b'{"kind":"subscription"}',
        b'{"kind":"subscription","action":"stop","id":"ID","verifier":"V"}',
        b'{"kind":"other","action":"check","id":"ID","verifier":"V"}',
        b'{"kind":"subscription","action":"next","id":"ID","verifier":"V"}',
        b'{"kind":"subscription","action":"next","id":"ID","verifier":"V","payload":1}',
        b'{"kind":"subscription","action":"complete","id":"ID","verifier":"V","errors":["no"]}',
        b'{"kind":"subscription","action":"check","id":"other","verifier":"V"}',
        b'{"kind":"subscription","action":"check","id":"\xff"}',
    ],
)
async def test_what_is_no_message_is_refused(setting: Setting, subgraph: CallingBack, body: bytes) -> None:
    await setting.talk.subscribe()
    asked = await subgraph.next()
    sent = body.replace(b"ID", asked.id.encode()).replace(b'"V"', f'"{asked.verifier}"'.encode())
    assert (await asked.post(sent)).status_code == 400


async def test_what_is_not_there_is_not_found(setting: Setting, subgraph: CallingBack) -> None:
    await setting.talk.subscribe()
    asked = await subgraph.next()
    known = asked.url
    asked.url = known.replace(asked.id, UNKNOWN)
    for action in ("check", "next", "heartbeat", "complete"):
        assert (await asked.say(action, id=UNKNOWN, payload={})).status_code == 404
    assert (await asked.post(b"x" * 100_000)).status_code == 404
    async with httpx.AsyncClient() as http:
        got = await http.get(known)
        assert (got.status_code, got.headers["allow"]) == (405, "POST")
        for elsewhere in (f"{known}/more", f"{setting.url}/callback"):  # there is the console
            assert (await http.post(elsewhere)).status_code == 405


async def test_a_message_that_is_too_large_is_not_read(setting: Setting, subgraph: CallingBack) -> None:
    await setting.talk.subscribe()
    asked = await subgraph.next()
    where = httpx.URL(asked.url)
    reader, writer = await asyncio.open_connection(where.host, where.port)
    announced = f"POST {where.path} HTTP/1.1\r\nhost: router\r\ncontent-length: {33 * 1024 * 1024}\r\n\r\n"
    writer.write(announced.encode())
    async with asyncio.timeout(10):
        assert b" 413 " in await reader.readline()
    writer.close()
    assert (await asked.price(5)).status_code == 204


async def test_a_client_that_leaves_is_told_to_the_subgraph_by_404(
    setting: Setting, subgraph: CallingBack
) -> None:
    await setting.talk.subscribe("a")
    asked = await subgraph.next()
    await setting.talk.say(id="a", type="complete")
    await setting.talk.say(type="ping")
    assert (await setting.hear())["type"] == "pong"
    async with asyncio.timeout(10):
        while (await asked.price(5)).status_code != 404:  # noqa: ASYNC110 - what is asked is elsewhere
            await asyncio.sleep(0.01)


async def test_equal_clients_share_one_callback(setting: Setting, subgraph: CallingBack) -> None:
    async with talking_at(setting.url) as other:
        await setting.talk.subscribe()
        asked = await subgraph.next()
        await other.subscribe()
        await other.say(type="ping")
        assert (await other.hear())["type"] == "pong"
        await asked.price(5)
        assert await setting.price() == 5
        assert (await other.hear())["payload"]["data"]["priceChanged"]["price"] == 5
        assert subgraph.count == 1


async def test_a_heartbeat_tells_which_subscriptions_are_gone(
    setting: Setting, subgraph: CallingBack
) -> None:
    await setting.talk.subscribe("a")
    first = await subgraph.next()
    await setting.talk.subscribe("b", NAMED_PRICES)
    second = await subgraph.next()
    assert (await first.say("heartbeat")).status_code == 204
    assert (await first.say("heartbeat", ids=[first.id, second.id])).status_code == 204
    mixed = await first.say("heartbeat", ids=[first.id, UNKNOWN])
    told = {"invalid_ids": [UNKNOWN], "id": first.id, "verifier": first.verifier}
    assert (mixed.status_code, mixed.json()) == (404, told)
    await first.say("complete")
    mixed = await first.say("heartbeat", ids=[first.id, second.id])
    told = {"invalid_ids": [first.id], "id": second.id, "verifier": second.verifier}
    assert (mixed.status_code, mixed.json()) == (404, told)
    gone = await first.say("heartbeat", ids=[first.id, UNKNOWN])
    assert (gone.status_code, gone.content) == (404, b"")


async def test_a_subgraph_that_sends_no_heartbeat_has_failed(
    make_router: MakeRouter, subgraph: CallingBack
) -> None:
    more = ", heartbeat_interval: 100ms"
    async with at_port(subgraph) as url, router_over(make_router, url, more) as setting:
        await setting.talk.subscribe("a")
        asked = await subgraph.next()
        assert asked.interval == 0.1
        (error,) = (await setting.hear())["payload"]
        assert error["message"].endswith("the subgraph has sent no heartbeat in time")
        assert error["extensions"] == {"code": "SUBREQUEST_HTTP_ERROR", "service": "prices"}
        assert (await asked.say("check")).status_code == 404


async def test_signs_of_life_keep_a_silent_stream_open(
    make_router: MakeRouter, subgraph: CallingBack
) -> None:
    more = ", heartbeat_interval: 500ms"
    async with at_port(subgraph) as url, router_over(make_router, url, more) as setting:
        await setting.talk.subscribe()
        asked = await subgraph.next()
        for number in range(16):
            await asyncio.sleep(0.1)
            said = await asked.say("heartbeat" if number % 2 else "check")
            assert said.status_code == 204
        await asked.price(5)
        assert await setting.price() == 5


async def test_without_heartbeats_silence_is_no_failure(
    make_router: MakeRouter, subgraph: CallingBack
) -> None:
    more = ", heartbeat_interval: disabled"
    async with at_port(subgraph) as url, router_over(make_router, url, more) as setting:
        await setting.talk.subscribe()
        asked = await subgraph.next()
        assert asked.interval == 0
        await asyncio.sleep(0.1)
        await asked.price(5)
        assert await setting.price() == 5


@pytest.mark.parametrize(
    ("subgraph", "code"),
    [
        (CallingBack, None),
        (lambda: CallingBack(checks=False), "SUBREQUEST_MALFORMED_RESPONSE"),
        (lambda: CallingBack(status=503, answer=b"busy"), "SUBREQUEST_HTTP_ERROR"),
        (lambda: CallingBack(answer=b"<html>"), "SUBREQUEST_MALFORMED_RESPONSE"),
        (lambda: CallingBack(answer=b""), None),
    ],
)
async def test_the_answer_to_the_request_says_whether_there_is_a_stream(
    make_router: MakeRouter, subgraph: Any, code: str | None
) -> None:
    app = subgraph()
    async with at_port(app) as url, router_over(make_router, url) as setting:
        await setting.talk.subscribe()
        asked = await app.next()
        if code is None:
            await asked.price(5)
            assert await setting.price() == 5
        else:
            assert (await setting.hear())["payload"][0]["extensions"]["code"] == code
            assert (await asked.say("check")).status_code == 404


async def test_what_a_subgraph_refuses_is_the_streams_only_answer(make_router: MakeRouter) -> None:
    refusing = CallingBack(checks=False, status=400, answer=b'{"errors":[{"message":"not you"}]}')
    async with at_port(refusing) as url, router_over(make_router, url) as setting:
        await setting.talk.subscribe("a")
        assert (await setting.hear())["payload"]["errors"][0]["extensions"]["service"] == "prices"
        assert await setting.hear() == {"id": "a", "type": "complete"}


async def test_a_subgraph_that_is_not_there_is_an_error(make_router: MakeRouter) -> None:
    async with router_over(make_router, "http://127.0.0.1:9") as setting:
        await setting.talk.subscribe()
        assert (await setting.hear())["payload"][0]["extensions"]["code"] == "SUBREQUEST_HTTP_ERROR"


async def test_the_door_can_be_elsewhere(make_router: MakeRouter, subgraph: CallingBack) -> None:
    port = free_port()
    more = f", listen: '127.0.0.1:{port}', path: /from/subgraphs"
    public = f"http://127.0.0.1:{port}/from/subgraphs/"
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(at_port(subgraph))
        config = parse_config(MODE.format(url=public, more=more), {})
        router = make_router(config, prices_url=f"{url}/graphql")
        (beside,) = apps_beside(router, health=Health()).values()
        await stack.enter_async_context(at_port(beside, port))
        client = await stack.enter_async_context(at_port(create_router_app(router)))
        talk = await stack.enter_async_context(talking_at(client))
        await talk.subscribe()
        asked = await subgraph.next()
        assert asked.url == public + asked.id
        await asked.price(5)
        assert await Setting(router, client, talk).price() == 5
        async with httpx.AsyncClient() as http:
            assert (
                await http.post(f"{client}/from/subgraphs/{asked.id}")
            ).status_code == 405  # the console's


@pytest.mark.parametrize("more", ["", ", heartbeat_interval: 2s"])
async def test_a_reload_keeps_a_callback_that_stays_the_same_and_replaces_another(
    setting: Setting, subgraph: CallingBack, more: str
) -> None:
    await setting.talk.subscribe()
    first = await subgraph.next()
    mode = MODE.format(url=f"{setting.url}/callback", more=more).replace("[prices]", "[prices, others]")
    await (await setting.router.replace(setting.router.generation.supergraph, parse_config(mode, {})))
    current = await subgraph.next() if more else first
    await current.price(5)
    assert await setting.price() == 5
    assert (await first.say("check")).status_code == (404 if more else 204)


@asynccontextmanager
async def in_a_process() -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """A subgraph that sends one price after another, and its process."""
    port = free_port()
    command = [sys.executable, "-m", "tests.integration.subscriptions.calling_back", str(port)]
    process = await asyncio.create_subprocess_exec(*command)
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(30), httpx.AsyncClient() as http:
            while True:
                try:
                    await http.get(url)
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
                except httpx.HTTPError:
                    break
                else:
                    break
        yield url, process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_subgraph_that_is_killed_is_an_error_after_its_last_event(make_router: MakeRouter) -> None:
    more = ", heartbeat_interval: 1s"
    async with in_a_process() as (url, process), router_over(make_router, url, more) as setting:
        await setting.talk.subscribe("a")
        assert [await setting.price() for _ in range(5)] == [0, 1, 2, 3, 4]
        process.kill()
        heard = await setting.hear()
        expected = 5
        while heard["type"] == "next":
            assert heard["payload"]["data"]["priceChanged"]["price"] == expected
            expected += 1
            heard = await setting.hear()
        assert heard["type"] == "error"
        assert heard["payload"][0]["message"].endswith("the subgraph has sent no heartbeat in time")


async def test_a_callback_reaches_the_worker_that_has_the_subscription(
    make_router: MakeRouter, tmp_path: Path
) -> None:
    mine, other = make_router(), make_router()
    mine.callbacks.worker, other.callbacks.worker = 0, 1
    place = Place(0, 2, str(tmp_path), {})
    front = PassedCallbacks(CallbackDoor(mine.callbacks), place)
    with mine.callbacks.open(None) as own, other.callbacks.open(None) as callback:
        async with at_port(front) as url, httpx.AsyncClient() as http:

            async def check(id_: str, verifier: str) -> httpx.Response:
                message = {"kind": "subscription", "action": "check", "id": id_, "verifier": verifier}
                return await http.post(f"{url}/callback/{id_}", json=message)

            assert (await check(callback.id, callback.verifier)).status_code == 503
            async with served(own_doors(other, Health()), uds=str(place.socket(1))):
                assert (await check(own.id, own.verifier)).status_code == 204
                assert (own.is_confirmed, callback.is_confirmed) == (True, False)
                taken = await check(callback.id, callback.verifier)
                assert (taken.status_code, taken.headers["subscription-protocol"]) == (204, "callback/1.0")
                assert callback.is_confirmed
                assert (await check(callback.id, "wrong")).status_code == 400
                for unknown in (f"1-{UNKNOWN}", f"7-{UNKNOWN}", UNKNOWN):
                    assert (await check(unknown, callback.verifier)).status_code == 404


async def test_several_workers_serve_callbacks_together(tmp_path: Path) -> None:
    port = free_port()
    listen = f"127.0.0.1:{port}"
    file, config = tmp_path / "supergraph.graphql", tmp_path / "router.yaml"
    config.write_text(MODE.format(url=f"http://{listen}/callback", more=f", listen: '{listen}'"))
    async with in_a_process() as (subgraph, _):
        file.write_text(supergraph_sdl(f"{subgraph}/graphql", f"{subgraph}/graphql"))
        with hansa_serving("--supergraph", file, "--config", config, "--workers", 2) as router:
            async with AsyncExitStack() as stack:
                for _ in range(4):
                    talk = await stack.enter_async_context(talking_at(router.url.removesuffix("/graphql")))
                    await talk.subscribe("a", PRICES)
                    async with asyncio.timeout(10):
                        prices = [
                            (await talk.hear())["payload"]["data"]["priceChanged"]["price"] for _ in range(5)
                        ]
                    assert prices == list(range(prices[0], prices[0] + 5))


@pytest.mark.parametrize(
    ("mode", "line", "message"),
    [
        (
            "callback: {public_url: 'http://r', subgraphs: [a]}, passthrough: {subgraphs: {a: {}}}",
            3,
            "`a`, too",
        ),
        ("callback: {public_url: 'http://r'}, passthrough: {all: {}}", 3, "is for all"),
        ("callback: {}", 3, "public_url"),
        ("callback: {public_url: 'r:4000'}", 3, "public_url"),
        ("callback: {public_url: 'http://r', path: callback}", 3, "path"),
        ("callback: {public_url: 'http://r', listen: nowhere}", 3, "listen"),
        ("callback: {public_url: 'http://r', heartbeat_interval: often}", 3, "heartbeat_interval"),
    ],
)
def test_a_mode_that_contradicts_itself_is_refused(mode: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        parse_config(f"subscription:\n  enabled: true\n  mode: {{{mode}}}", {})
    assert refused.value.line == line


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("callback: {public_url: 'http://r'}", "callback"),
        ("callback: {public_url: 'http://r', subgraphs: [a]}, passthrough: {all: {}}", "callback"),
        ("callback: {public_url: 'http://r', subgraphs: [b]}, passthrough: {all: {}}", "passthrough"),
        ("callback: {public_url: 'http://r'}, passthrough: {subgraphs: {a: {}}}", "passthrough"),
        ("callback: {public_url: 'http://r', subgraphs: [b]}", None),
    ],
)
def test_a_subgraph_is_asked_as_what_names_it_says(mode: str, expected: str | None) -> None:
    subscription = parse_config(f"subscription: {{enabled: true, mode: {{{mode}}}}}", {}).subscription
    source = subscription.source("a")
    kinds = {None: type(None), "callback": type(subscription.mode.callback), "passthrough": object}
    assert isinstance(source, kinds[expected])
    assert (expected == "callback") == (source is not None and hasattr(source, "public_url"))
