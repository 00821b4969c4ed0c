"""Valkey killed, frozen and started again: what is admitted stays within the stated bound."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.embedded.valkey import ValkeyServer
from common.errors import OverloadedError
from common.valkey import ValkeyLink
from subgraphs.ratelimit.domain.policies import FailMode, Limits
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
DAY = Rule(algorithm=Algorithm.SLIDING_LOG, limit=LIMIT, period=86_400)


class Server(ValkeyServer):
    """A server that knows its address."""

    url = ""


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[Server]:
    """A server of the test's own; `start` after its death brings it back with its data."""
    folder = tmp_path / "valkey"
    folder.mkdir()
    server = Server(ServerFolder(folder, server_account()))
    server.url = await server.start()
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


async def test_answers_that_are_lost_are_charged_and_not_admitted_twice(
    valkey: Server, limiter: Limiter
) -> None:
    assert valkey.pid
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        lost = await ask(limiter, FailMode.CLOSED, 60)
    finally:
        os.kill(valkey.pid, signal.SIGCONT)
    assert admitted(lost) == 0
    await until_it_answers(limiter)
    later = admitted(await ask(limiter, FailMode.CLOSED, 2 * LIMIT))
    assert LIMIT - 60 <= later <= LIMIT


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
