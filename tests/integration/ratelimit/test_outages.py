"""Valkey killed, frozen and started again: what is admitted stays within the stated bound."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis.asyncio

from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.embedded.valkey import ValkeyServer
from common.errors import OverloadedError
from common.valkey import ValkeyLink
from subgraphs.ratelimit.domain.matching import Limits
from subgraphs.ratelimit.domain.policies import FailMode
from subgraphs.ratelimit.domain.rules import Algorithm, Rule
from subgraphs.ratelimit.engine.denials import Denials
from subgraphs.ratelimit.engine.fallback import Fallback
from subgraphs.ratelimit.engine.leases import Leases
from subgraphs.ratelimit.engine.limiter import Limiter
from subgraphs.ratelimit.engine.outcome import Outcome
from subgraphs.ratelimit.engine.reservations import Reservations
from subgraphs.ratelimit.engine.valkey import ValkeyEngine
from tests.integration.ratelimit.test_engine import limit

LIMIT, NODES = 200, 4
ASKING = 8
"""So many ask at once while the server is killed."""
LOST = 60
DAY = Rule(algorithm=Algorithm.SLIDING_LOG, limit=LIMIT, period=86_400)


class Server(ValkeyServer):
    """A server that knows its address, and has on disk what it answers."""

    url = ""

    async def start(self) -> str:
        self.url = await super().start()
        async with redis.asyncio.Redis.from_url(self.url) as client:
            await client.config_set("appendfsync", "always")
        return self.url


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[Server]:
    """A server of the test's own; `start` after its death brings it back with its data."""
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = Server(ServerFolder(folder, server_account()))
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def engine(valkey: Server) -> AsyncIterator[ValkeyEngine]:
    engine = ValkeyEngine(ValkeyLink(valkey.url, timeout=0.25))
    await engine.load()
    yield engine
    await engine.close()


@pytest.fixture
def limiter(engine: ValkeyEngine) -> Limiter:
    return Limiter(engine, Fallback(NODES), Denials(), Leases(engine))


async def kill(valkey: Server) -> None:
    assert valkey.pid
    os.kill(valkey.pid, signal.SIGKILL)
    await valkey.stop()


async def ask(limiter: Limiter, mode: FailMode, times: int) -> list[Outcome]:
    asked = limit(DAY, mode, mode)
    return list(await asyncio.gather(*(limiter.check(Limits([asked]), 1) for _ in range(times))))


async def until_it_answers(limiter: Limiter) -> None:
    """Wait for the breaker's probe to succeed."""
    probe = limit(DAY, "probe", FailMode.OPEN)
    async with asyncio.timeout(20):
        while (await limiter.check(Limits([probe]), 1)).is_degraded:  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.02)


def admitted(outcomes: list[Outcome]) -> int:
    return sum(outcome.is_allowed for outcome in outcomes)


async def test_a_server_killed_and_started_again_has_forgotten_nothing(
    valkey: Server, limiter: Limiter
) -> None:
    """Guarantee 12."""
    let_in = admitted(await ask(limiter, FailMode.CLOSED, LIMIT // 2))
    assert let_in == LIMIT // 2
    await kill(valkey)
    during = await ask(limiter, FailMode.CLOSED, 50)
    assert admitted(during) == 0
    assert all(outcome.is_degraded for outcome in during)
    await valkey.start()
    await until_it_answers(limiter)
    assert let_in + admitted(await ask(limiter, FailMode.CLOSED, LIMIT)) == LIMIT


async def test_without_valkey_each_policy_does_as_it_says(valkey: Server, limiter: Limiter) -> None:
    await kill(valkey)
    assert admitted(await ask(limiter, FailMode.OPEN, 300)) == 300
    assert admitted(await ask(limiter, FailMode.LOCAL, 300)) == LIMIT // NODES
    closed = await ask(limiter, FailMode.CLOSED, 300)
    assert admitted(closed) == 0
    assert all(outcome.wait > 0 for outcome in closed)


async def test_several_outages_grant_one_share(valkey: Server, limiter: Limiter) -> None:
    """Guarantee 12: at most the limit and, for each process, its share."""
    let_in = 0
    for _ in range(2):
        let_in += admitted(await ask(limiter, FailMode.LOCAL, 30))
        await kill(valkey)
        let_in += admitted(await ask(limiter, FailMode.LOCAL, LIMIT))
        await valkey.start()
        await until_it_answers(limiter)
    let_in += admitted(await ask(limiter, FailMode.LOCAL, 2 * LIMIT))
    assert let_in <= LIMIT + LIMIT // NODES


async def test_a_server_killed_while_it_is_asked_admits_no_more_than_the_limit(
    valkey: Server, limiter: Limiter
) -> None:
    """Guarantee 12: a charge is written before it is answered, and a lost answer's charge stands."""
    outcomes: list[Outcome] = []
    under_way = asyncio.Event()

    async def load() -> None:
        while not outcomes or outcomes[-1].is_allowed or outcomes[-1].is_degraded:
            outcomes.extend(await ask(limiter, FailMode.CLOSED, 1))
            if len(outcomes) > LIMIT // 4:
                under_way.set()
            await asyncio.sleep(0)

    async with asyncio.timeout(60):
        loads = [asyncio.create_task(load()) for _ in range(ASKING)]
        await under_way.wait()
        await kill(valkey)
        await valkey.start()
        await asyncio.gather(*loads)
    assert any(outcome.is_degraded for outcome in outcomes)
    assert LIMIT - ASKING <= admitted(outcomes) <= LIMIT


class Deaf:
    """Stands before a server: it passes on what is asked, and while it `is_deaf` no answer."""

    def __init__(self, server_url: str) -> None:
        self._path = server_url.removeprefix("unix://").partition("?")[0]
        self._serving: set[asyncio.Task[None] | None] = set()
        self.is_deaf = False

    @asynccontextmanager
    async def listening(self, path: Path) -> AsyncIterator[str]:
        """Its address; in the end those who asked must have hung up."""
        server = await asyncio.start_unix_server(self._serve, path)
        yield f"unix://{path}"
        server.close()
        await asyncio.gather(*filter(None, self._serving))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.current_task())
        server_reader, server_writer = await asyncio.open_unix_connection(self._path)
        answering = asyncio.create_task(self._answer(server_reader, writer))
        while data := await reader.read(65_536):
            server_writer.write(data)
        server_writer.close()
        await server_writer.wait_closed()
        await asyncio.wait([answering])
        writer.close()
        await asyncio.wait([asyncio.create_task(writer.wait_closed())])

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if not self.is_deaf:
                writer.write(data)


@pytest.mark.parametrize(("mode", "share"), [(FailMode.CLOSED, 0), (FailMode.LOCAL, LIMIT // NODES)], ids=str)
async def test_what_answers_were_lost_is_charged_and_not_admitted(
    valkey: Server, tmp_path: Path, mode: FailMode, share: int
) -> None:
    """Guarantee 12: a charge whose answer was lost stands."""
    deaf = Deaf(valkey.url)
    async with asyncio.timeout(60), deaf.listening(tmp_path / "deaf.sock") as url:
        engine = ValkeyEngine(ValkeyLink(url, timeout=0.25))
        limiter = Limiter(engine, Fallback(NODES), Denials(), Leases(engine))
        await engine.load()
        deaf.is_deaf = True
        assert admitted(await ask(limiter, mode, LOST)) == share
        deaf.is_deaf = False
        await until_it_answers(limiter)
        assert admitted(await ask(limiter, mode, 2 * LIMIT)) == LIMIT - LOST
        await engine.close()


async def test_a_server_that_hangs_is_soon_not_asked_any_more(valkey: Server, limiter: Limiter) -> None:
    assert valkey.pid
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        for _ in range(3):
            await ask(limiter, FailMode.OPEN, 1)
        async with asyncio.timeout(30):  # at the time limit of a call for each it would be two minutes
            outcomes = [await limiter.check(Limits([limit(DAY, "x", FailMode.OPEN)]), 1) for _ in range(500)]
    finally:
        os.kill(valkey.pid, signal.SIGCONT)
    assert all(outcome.is_degraded and outcome.is_allowed for outcome in outcomes)


async def test_what_cannot_be_done_without_valkey_is_refused(
    valkey: Server, engine: ValkeyEngine, limiter: Limiter
) -> None:
    asked = Limits([limit(DAY, "x")])
    reserved, _ = await Reservations(engine).reserve("n", asked, 5, 60)
    assert reserved
    await kill(valkey)
    with pytest.raises(OverloadedError):
        await Reservations(engine).reserve("n", asked, 5, 60)
    with pytest.raises(OverloadedError):
        await Reservations(engine).settle(reserved, 5)
    with pytest.raises(OverloadedError):
        await limiter.peek(asked, 1)
    await valkey.start()
    await until_it_answers(limiter)
    assert await Reservations(engine).settle(reserved, 5) == 5
    assert (await limiter.peek(asked, 1)).standings[0].remaining == LIMIT - 5


async def test_a_closed_policy_denies_though_another_is_open(valkey: Server, limiter: Limiter) -> None:
    await kill(valkey)
    both = [limit(DAY, "a", FailMode.OPEN), limit(DAY, "b", FailMode.CLOSED)]
    outcome = await limiter.check(Limits(both), 1)
    assert outcome.denied_by is both[1]
