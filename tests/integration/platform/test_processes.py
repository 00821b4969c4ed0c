import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

ME = '{ user(id: "0199d3a0-0000-7000-8000-000000000001") { name } }'


def exists(path: str) -> bool:
    return Path(path).exists()


async def test_a_killed_service_is_an_error_in_its_place_and_comes_back(up: Any, eventually: Any) -> None:
    async with up(processes=True) as running:
        child = running.host.children["identity"]
        first = child.pid
        os.kill(first, signal.SIGKILL)
        answer = await running.ask(ME)
        assert answer.status == 200

        async def back() -> bool:
            return (await running.data(ME)) == {"user": {"name": "Alheit Warendorp"}}

        await eventually(back)
        assert child.pid not in (None, first)


async def test_no_process_and_no_socket_is_left_after_a_stop(up: Any) -> None:
    async with up(processes=True) as running:
        pids = [child.pid for child in running.host.children.values()]
        url = running.host.url("identity", "/graphql")
    assert not any(map(exists, (f"/proc/{pid}" for pid in pids)))
    assert not exists(url.removeprefix("unix://").partition("?")[0])


async def test_a_clients_copy_of_a_platform_header_does_not_reach_a_service(up: Any) -> None:
    async with up(processes=False) as running:
        answer = await running.ask(ME, hansa_deadline_ms="0", hansa_client_address="192.0.2.1")
        assert b"DEADLINE_EXCEEDED" not in answer.body
        door = await running.get("/identity/health/ready", hansa_deadline_ms="0")
        assert door.status == 200


@pytest.mark.parametrize("processes", [False, True])
async def test_a_second_start_finds_the_first_ones_users(up: Any, *, processes: bool) -> None:
    sign_up = """mutation { signUp(input: {email: "ada@b.example", password: "long enough", name: "Ada"}) {
        __typename ... on Session { accessToken } } }"""
    async with up(processes=processes) as running:
        session = (await running.data(sign_up))["signUp"]
        assert session["__typename"] == "Session"
        mine = await running.ask("{ me { name } }", authorization=f"Bearer {session['accessToken']}")
        assert json.loads(mine.body) == {"data": {"me": {"name": "Ada"}}}
    async with up(processes=processes) as running:
        assert (await running.data(sign_up))["signUp"]["__typename"] == "EmailTaken"
