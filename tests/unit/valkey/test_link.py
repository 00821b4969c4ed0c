"""One connection to a server that answers as a test wants."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.resilience import Breaker
from common.valkey import ReplyError, ValkeyLink, ValkeyUnavailableError
from common.valkey.address import Address

SOON = 0.05


class Server:
    """Answers each command's line of RESP by `answers`, in turn; an empty one is silence. Counts who connects."""

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self.path = str(path)
        self.connections = 0
        self.answers: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while await reader.readuntil(b"$4\r\nPING\r\n"):
            writer.write(self.answers.pop(0))

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path / "valkey.sock")
    listening = await asyncio.start_unix_server(server.hear, server.path)
    yield server
    listening.close()


async def test_a_connection_on_which_nothing_comes_is_given_up(server: Server) -> None:
    link = ValkeyLink(server.url, timeout=5)
    server.answers = [b"+PONG\r\n", b"", b"+PONG\r\n"]
    assert await link.call("PING") == b"PONG"
    with pytest.raises(ValkeyUnavailableError):
        await link.call("PING", within=SOON)
    assert await link.call("PING") == b"PONG"
    assert server.connections == 2
    await link.close()


async def test_a_server_that_is_only_slow_keeps_its_connection(server: Server) -> None:
    """The second call is answered first to last: what it waits for in vain is behind the answer to another."""
    link = ValkeyLink(server.url, timeout=5)
    server.answers = [b"+PONG\r\n", b"", b"+ONE\r\n", b"+TWO\r\n+THREE\r\n"]
    await link.call("PING")
    patient = asyncio.create_task(link.call("PING"))
    await asyncio.sleep(0)
    with pytest.raises(ValkeyUnavailableError):
        await link.call("PING", within=SOON)
    assert await patient == b"ONE"
    assert await link.call("PING") == b"THREE"
    assert server.connections == 1
    await link.close()


async def test_a_server_that_does_not_answer_is_left_alone_and_then_tried_by_one(server: Server) -> None:
    now = 0.0
    breaker = Breaker(lambda: now, failures=2, first_pause=1, longest_pause=1)
    link = ValkeyLink("unix:///nowhere", timeout=5, breaker=breaker)
    for _ in range(2):
        with pytest.raises(ValkeyUnavailableError, match="cannot be reached"):
            await link.ask("PING")
    with pytest.raises(ValkeyUnavailableError, match="for a moment"):
        await link.ask("PING")
    with pytest.raises(ValkeyUnavailableError, match="cannot be reached"):
        await link.call("PING")
    link.address, now = Address(server.url), 2.0
    server.answers = [b"-BUSY a script runs\r\n", b"+PONG\r\n"]
    with pytest.raises(ReplyError) as refused:
        await link.ask("PING")
    assert refused.value.code == "BUSY"
    assert await link.ask("PING") == b"PONG"
    await link.close()


async def test_who_does_not_wait_says_nothing_about_the_server(server: Server) -> None:
    link = ValkeyLink(server.url, timeout=5, breaker=Breaker(failures=1))
    server.answers = [b"", b"+LATE\r\n+PONG\r\n"]
    impatient = asyncio.create_task(link.ask("PING"))
    await asyncio.sleep(SOON)
    impatient.cancel()
    await asyncio.wait([impatient])
    assert await link.ask("PING") == b"PONG"
    await link.close()


def test_an_address_is_what_its_url_says() -> None:
    address = Address("rediss://ada:s%3At@cache.example:7000/3?ssl_cert_reqs=none&ssl_check_hostname=false")
    assert (address.host, address.port, address.database) == ("cache.example", 7000, 3)
    assert (address.username, address.password) == ("ada", "s:t")
    assert address.tls is not None
    assert address.tls.verify_mode is ssl.CERT_NONE
    trusting = Address("rediss://cache.example").tls
    assert trusting is not None
    assert trusting.verify_mode is ssl.CERT_REQUIRED
    assert Address("unix:///run/valkey.sock?db=1").path == "/run/valkey.sock"
    with pytest.raises(ValueError, match="scheme"):
        ValkeyLink("http://cache.example", timeout=1)
