"""`hansa proxy` as a process: what it says, how it stops, and what it has counted when it is killed."""

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from common.http import Request, TransportError, open_transport
from common.proxy import ProxyOptions
from common.settings import SettingsError
from subgraphs.tenants.dataplane.program import proxy_program
from tests.integration.proxy.control import KEY, Control, configuration
from tests.integration.proxy.gateways import until
from tests.integration.proxy.processes import HANSA, app_server, proxy_process
from tests.integration.proxy.upstreams import OK, Seen, Server, saying, server

CLIENTS = 8


def document(url: str) -> dict[str, object]:
    return configuration(url, hosts=["127.0.0.1"])


async def ask(port: int, path: str = "/") -> int:
    transport = open_transport(f"http://127.0.0.1:{port}")
    try:
        return (await transport.send(Request(path, method="GET", headers=(("x-api-key", KEY),)))).status
    finally:
        await transport.close()


async def test_it_lets_requests_end_hands_over_what_it_counted_and_exits_with_0(
    control: Control, tmp_path: Path
) -> None:
    may_answer = asyncio.Event()

    async def wait(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        writer.write(OK)

    async with server(wait) as upstream, app_server(control) as address:
        control.set(document(upstream.url))
        async with proxy_process(tmp_path / "proxy", address, HANSA_PROXY_USAGE_INTERVAL="60") as (
            process,
            port,
            _,
        ):
            asking = asyncio.create_task(ask(port, "/secret?token=hidden"))
            await until(lambda: len(upstream.seen) == 1)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
            assert process.poll() is None
            may_answer.set()
            assert await asking == 200
            assert await asyncio.to_thread(process.wait, 20) == 0
    assert control.counted() == 1
    lines = [json.loads(line) for line in (tmp_path / "proxy.log").read_text().splitlines() if line[0] == "{"]
    (line,) = [line for line in lines if line["message"] == "request"]
    assert (line["status"], line["path"], line["tenant"], line["route"]) == (200, "/secret", "acme", "open")
    assert line["trace_id"]
    assert "hidden" not in (tmp_path / "proxy.log").read_text()


async def test_what_is_counted_is_what_was_served_though_it_is_killed(
    control: Control, tmp_path: Path
) -> None:
    """What a client has got a byte of is counted; at most what was under way when it was killed is not."""
    answered = kills = 0

    async def client(port: int, over: asyncio.Event) -> None:
        nonlocal answered
        transport = open_transport(f"http://127.0.0.1:{port}")
        while not over.is_set():
            with contextlib.suppress(TransportError):
                response = await transport.send(
                    Request("/keyed", method="POST", headers=(("x-api-key", KEY),))
                )
                answered += response.status == 200
                continue
            await asyncio.sleep(0.01)
        await transport.close()

    control.issue(KEY)
    async with server(saying(OK)) as upstream, app_server(control) as address:
        control.set(document(upstream.url))
        for _ in range(2):
            over = asyncio.Event()
            async with proxy_process(tmp_path / "proxy", address, HANSA_PROXY_USAGE_INTERVAL="0.1") as (
                process,
                port,
                _,
            ):
                clients = [asyncio.create_task(client(port, over)) for _ in range(CLIENTS)]
                await asyncio.sleep(random.uniform(0.3, 0.8))
                process.kill()
                kills += 1
                await asyncio.to_thread(process.wait)
                over.set()
                await asyncio.gather(*clients)
        served = len(upstream.seen)
        async with proxy_process(tmp_path / "proxy", address, HANSA_PROXY_USAGE_INTERVAL="0.1"):
            await until(lambda: not list((tmp_path / "proxy/usage").glob("*.sealed")))
    assert answered > 100
    assert answered <= control.counted() <= served
    assert served - control.counted() <= kills * CLIENTS
    assert {(usage.tenant, usage.route, usage.consumer) for usage in control.usage} == {
        ("acme", "keyed", "ada")
    }


async def test_a_lost_acknowledgement_counts_nothing_twice(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    async with app_server(control) as address:
        control.set(document(upstream.url))
        control.loses_acknowledgements = True
        async with proxy_process(tmp_path / "proxy", address, HANSA_PROXY_USAGE_INTERVAL="0.1") as (
            _,
            port,
            __,
        ):
            for _ in range(10):
                assert await ask(port) == 200
            await until(lambda: control.counted() >= 1)
            control.loses_acknowledgements = False
            await until(lambda: control.counted() == 10)
            await asyncio.sleep(0.5)
    assert control.counted() == 10


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HANSA")}
    command = [HANSA, "proxy", "--listen", "127.0.0.1:0", "--doors", "127.0.0.1:0", "--directory", tmp_path]
    run = subprocess.run(command, env=bare, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert "HANSA_TENANTS_URL is not set" in run.stderr


async def test_who_has_neither_a_token_nor_a_client_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"HANSA_TENANTS_TOKEN.*HANSA_PROXY_CLIENT_SECRET"):
        async with proxy_program({"HANSA_TENANTS_URL": "http://127.0.0.1:1"}, ProxyOptions(tmp_path, {})):
            pass
