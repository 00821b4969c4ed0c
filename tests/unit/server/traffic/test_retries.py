"""A query that failed in a way that may pass is sent again, as often as the budget allows."""

import asyncio
import contextlib

import pytest

from common.http import (
    ConnectError,
    ProtocolError,
    Request,
    Response,
    ResponseTooLarge,
    TimeoutError_,
    TransportError,
)
from common.resilience import Budget
from gateway.server.traffic import retries
from gateway.server.traffic.around import CircuitOpen
from gateway.server.traffic.retries import RetryingTransport
from tests.unit.server.traffic.peers import MUTATION, OK, QUERY, Peer

LIMIT = 10


def generous() -> Budget:
    return Budget(share=0.2, floor=1000, seconds=10)


def nothing() -> None: ...


async def attempts(peer: Peer, request: Request = QUERY, *, timeout: float | None = 30) -> int:  # noqa: ASYNC109 - what is sent
    transport = RetryingTransport(peer, generous(), nothing)
    async with asyncio.timeout(LIMIT):
        with contextlib.suppress(TransportError):
            await transport.send(request, timeout=timeout)
    return peer.requests


@pytest.mark.parametrize(
    "failure",
    [ConnectError(), TimeoutError_(), Response(502, (), b""), Response(503, (), b""), Response(504, (), b"")],
)
async def test_a_failure_that_may_pass_is_tried_three_times_at_most(
    failure: Response | TransportError,
) -> None:
    assert await attempts(Peer(lambda _: failure)) == 3
    assert await attempts(Peer(lambda number: failure if number == 1 else OK)) == 2


@pytest.mark.parametrize(
    "outcome",
    [
        OK,
        Response(500, (), b""),
        Response(429, (), b""),
        ProtocolError(),
        ResponseTooLarge(),
        CircuitOpen(),
    ],
)
async def test_anything_else_is_not(outcome: Response | TransportError) -> None:
    assert await attempts(Peer(lambda _: outcome)) == 1


async def test_a_mutation_is_never_sent_again() -> None:
    assert await attempts(Peer(lambda _: ConnectError()), MUTATION) == 1


async def test_what_is_streamed_is_never_sent_again() -> None:
    async def pieces():  # type: ignore[no-untyped-def] # noqa: ANN202
        yield b"x"

    request = Request(idempotent=True, stream=pieces())
    assert await attempts(Peer(lambda _: ConnectError()), request) == 1


async def test_the_last_outcome_is_the_answer() -> None:
    answers = [Response(503, (), b"1"), Response(502, (), b"2"), Response(504, (), b"3")]
    transport = RetryingTransport(Peer(lambda number: answers[number - 1]), generous(), nothing)
    assert (await transport.send(QUERY)).body == b"3"


@pytest.mark.parametrize(("retry_after", "sent"), [("0", 3), ("2", 1), ("Wed, 21 Oct 2026 07:28:00 GMT", 1)])
async def test_a_subgraph_that_asks_for_a_long_time_gets_it(retry_after: str, sent: int) -> None:
    response = Response(503, (("retry-after", retry_after),), b"")
    assert await attempts(Peer(lambda _: response)) == sent


async def test_an_attempt_has_what_the_former_ones_have_left() -> None:
    peer = Peer(lambda _: ConnectError())
    await attempts(peer, timeout=5)
    first, second, third = peer.timeouts
    assert first is not None
    assert second is not None
    assert third is not None
    assert 5 >= first > second > third > 4


async def test_nothing_is_tried_again_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_pause", lambda *_: 3.0)
    assert await attempts(Peer(lambda _: ConnectError()), timeout=2) == 1


async def test_a_subgraph_that_always_fails_gets_at_most_a_fifth_more() -> None:
    peer = Peer(lambda _: ConnectError())
    transport = RetryingTransport(peer, Budget(share=0.2, floor=0, seconds=10), nothing)
    async with asyncio.timeout(LIMIT):
        for _ in range(20):
            outcomes = (transport.send(QUERY, timeout=30) for _ in range(50))
            await asyncio.gather(*outcomes, return_exceptions=True)
    assert 1150 < peer.requests <= 1200


async def test_retries_are_counted() -> None:
    counted = []
    transport = RetryingTransport(
        Peer(lambda number: ConnectError() if number < 3 else OK), generous(), lambda: counted.append(1)
    )
    await transport.send(QUERY)
    assert len(counted) == 2
