"""The embedded servers start anywhere, keep what they were given, and never outlive the program."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import nats
import nats.errors
import psutil
import pytest
import redis.asyncio
import redis.exceptions

from common.embedded import EmbeddedError, EmbeddedServers

PROGRAM = """
import asyncio, pathlib, sys
from common.embedded import EmbeddedServers

async def main():
    urls = await EmbeddedServers(pathlib.Path(sys.argv[1]), {}).start()
    print(urls["DATABASE_URL"], flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[[], tuple[subprocess.Popen[str], str]]:
    """Starts a program with servers in `tmp_path` and gives it with its database's URL."""

    def start() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        with process.stdout:
            return process, process.stdout.readline().strip()

    return start


def children_gone(children: list[psutil.Process], timeout: float = 20) -> bool:
    give_up = time.monotonic() + timeout
    while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


async def test_each_server_answers_at_its_url_and_writes_durably(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path, {})
    urls = await servers.start()
    try:
        database = await asyncpg.connect(urls["DATABASE_URL"])
        assert await database.fetchval("SHOW fsync") == "on"
        assert (await database.fetchval("SHOW server_version")).startswith("18.")
        assert await database.fetchval("SELECT uuid_extract_version(uuidv7())") == 7
        await database.close()
        async with redis.asyncio.Redis.from_url(urls["REDIS_URL"]) as valkey:
            assert (await valkey.config_get("appendonly"))["appendonly"] == "yes"
        client = await nats.connect(urls["NATS_URL"])
        assert (await client.jetstream().account_info()).streams == 0
        await client.close()
    finally:
        await servers.stop()


async def test_a_later_start_finds_what_an_earlier_one_kept(tmp_path: Path) -> None:
    for run in range(2):
        servers = EmbeddedServers(tmp_path, {})
        urls = await servers.start()
        try:
            database = await asyncpg.connect(urls["DATABASE_URL"])
            await database.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 1 AS value")
            await database.close()
            async with redis.asyncio.Redis.from_url(urls["REDIS_URL"]) as valkey:
                assert await valkey.incr("starts") == run + 1
        finally:
            await servers.stop()


async def test_servers_that_are_killed_are_started_again_at_their_urls_with_their_data(
    tmp_path: Path,
) -> None:
    others = set(psutil.Process().children())
    servers = EmbeddedServers(tmp_path, {})
    urls = await servers.start()
    try:
        database = await asyncpg.connect(urls["DATABASE_URL"])
        await database.execute("CREATE TABLE kept AS SELECT 42 AS value")
        async with redis.asyncio.Redis.from_url(urls["REDIS_URL"]) as valkey:
            await valkey.set("kept", 42)
        killed = [child for child in psutil.Process().children() if child not in others]
        for server in killed:
            server.kill()
        assert children_gone(killed)
        async with asyncio.timeout(60):
            assert await when_reachable(lambda: value_in_postgresql(urls)) == 42
            assert await when_reachable(lambda: value_in_valkey(urls)) == b"42"
            client = await when_reachable(lambda: nats.connect(urls["NATS_URL"], max_reconnect_attempts=1))
            await client.close()
    finally:
        await servers.stop()
    left = set(psutil.Process().children()) - others
    assert not [child for child in left if child.status() != psutil.STATUS_ZOMBIE]


async def value_in_postgresql(urls: Mapping[str, str]) -> Any:
    database = await asyncpg.connect(urls["DATABASE_URL"])
    try:
        return await database.fetchval("SELECT value FROM kept")
    finally:
        await database.close()


async def value_in_valkey(urls: Mapping[str, str]) -> Any:
    async with redis.asyncio.Redis.from_url(urls["REDIS_URL"]) as valkey:
        return await valkey.get("kept")


async def when_reachable(attempt: Callable[[], Awaitable[Any]]) -> Any:
    while True:
        try:
            return await attempt()
        except (OSError, asyncpg.PostgresError, redis.exceptions.RedisError, nats.errors.Error):
            await asyncio.sleep(0.1)


async def test_a_deep_directory_behind_closed_folders_is_no_obstacle(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    directory = closed / ("deep" * 40) / "checkout"
    servers = EmbeddedServers(directory, {})
    urls = await servers.start()
    await servers.stop()
    assert len(urls["REDIS_URL"].removeprefix("unix://")) < 108


async def test_a_stopped_run_leaves_nothing_running_and_no_sockets(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path, {})
    before = set(psutil.Process().children(recursive=True))
    urls = await servers.start()
    started = set(psutil.Process().children(recursive=True)) - before
    await servers.stop()
    assert started
    assert children_gone(list(started))
    assert not Path(urls["REDIS_URL"].removeprefix("unix://")).parent.exists()


async def test_a_second_program_on_the_same_directory_is_told_who_has_it(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path, {})
    await servers.start()
    try:
        with pytest.raises(EmbeddedError, match=f"in use by the process {os.getpid()}"):
            await EmbeddedServers(tmp_path, {}).start()
    finally:
        await servers.stop()


async def test_servers_end_with_a_killed_program_and_the_next_run_continues(
    tmp_path: Path,
    program: Callable[[], tuple[subprocess.Popen[str], str]],
) -> None:
    process, url = program()
    database = await asyncpg.connect(url)
    await database.execute("CREATE TABLE kept AS SELECT 42 AS value")
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    servers = EmbeddedServers(tmp_path, {})
    urls = await servers.start()
    try:
        assert children_gone(children, timeout=0)
        database = await asyncpg.connect(urls["DATABASE_URL"])
        assert await database.fetchval("SELECT value FROM kept") == 42
        await database.close()
    finally:
        await servers.stop()


async def test_a_killed_postgresql_recovers_at_the_next_start(
    tmp_path: Path,
    program: Callable[[], tuple[subprocess.Popen[str], str]],
) -> None:
    process, url = program()
    database = await asyncpg.connect(url)
    await database.execute("CREATE TABLE kept AS SELECT 42 AS value")
    for child in psutil.Process(process.pid).children(recursive=True):
        child.send_signal(signal.SIGKILL)
    process.kill()
    process.wait()
    servers = EmbeddedServers(tmp_path, {})
    urls = await servers.start()
    try:
        database = await asyncpg.connect(urls["DATABASE_URL"])
        assert await database.fetchval("SELECT value FROM kept") == 42
        await database.close()
    finally:
        await servers.stop()


async def test_a_stop_signal_for_the_terminal_reaches_the_program_only(
    program: Callable[[], tuple[subprocess.Popen[str], str]],
) -> None:
    process, _ = program()
    try:
        groups = {os.getpgid(child.pid) for child in psutil.Process(process.pid).children()}
        assert os.getpgid(process.pid) not in groups
    finally:
        process.kill()
        process.wait()


async def test_a_part_given_by_url_is_not_started(tmp_path: Path) -> None:
    told = []
    given = {"DATABASE_URL": "postgresql://db", "REDIS_URL": "redis://cache", "NATS_URL": "nats://log"}
    servers = EmbeddedServers(tmp_path / "unused", given, lambda *progress: told.append(progress))
    assert await servers.start() == given
    await servers.stop()
    assert told == [("postgresql", "external"), ("valkey", "external"), ("nats", "external")]
    assert not (tmp_path / "unused").exists()


async def test_a_server_that_cannot_start_is_an_error_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "postgresql" / "data").mkdir(parents=True)
    servers = EmbeddedServers(tmp_path, {})
    with pytest.raises(EmbeddedError, match=rf"PostgreSQL ended.*{tmp_path}/postgresql.log"):
        await servers.start()
    assert not [child for child in psutil.Process().children() if child.name() == "valkey-server"]


async def test_nats_refuses_who_has_no_token(nats_url: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(nats_url.rpartition(":")[2]))
    writer.write(b"CONNECT {}\r\nPING\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert b"Authorization Violation" in answer
