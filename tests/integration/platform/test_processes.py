import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

ME = '{ user(id: "0199d3a0-0000-7000-8000-000000000001") { name } }'


def exists(path: str) -> bool:
    return Path(path).exists()


async def test_a_killed_service_is_an_error_in_its_place_comes_back_and_ends_with_the_others(
    up: Any, eventually: Any
) -> None:
    async with up(processes=True) as running:
        children = running.host.children
        first = children["identity"].pid
        os.kill(first, signal.SIGKILL)
        answer = await running.ask(ME)
        assert answer.status == 200

        async def back() -> bool:
            return (await running.data(ME)) == {"user": {"name": "Alheit Warendorp"}}

        await eventually(back)
        assert children["identity"].pid not in (None, first)
        pids = [child.pid for child in children.values()]
        assert all(map(exists, (f"/proc/{pid}" for pid in pids)))
        socket = running.host.url("identity", "/graphql").removeprefix("unix://").partition("?")[0]
        assert exists(socket)
    assert not any(map(exists, (f"/proc/{pid}" for pid in pids)))
    assert not exists(socket)


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
