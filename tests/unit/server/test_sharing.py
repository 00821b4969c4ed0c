"""Equal queries under way at the same time are one request, and nobody notices but by the time."""

import asyncio
import random

import pytest

from common.http import ConnectError, Request, Response, TimeoutError_
from gateway.server.sharing import SharingTransport

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333{}-00"


class Subgraph:
    """Answers what was sent `latency` seconds later; `sent` and `cancelled` tell what happened to it."""

    url = "test:"

    def __init__(self, latency: float = 0.02) -> None:
        self.latency = latency
        self.sent: list[Request] = []
        self.cancelled: list[Request] = []
        self.open = 0

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        assert timeout is None or not request.idempotent
        self.sent.append(request)
        self.open += 1
        try:
            await asyncio.sleep(self.latency)
        except asyncio.CancelledError:
            self.cancelled.append(request)
            raise
        finally:
            self.open -= 1
        if request.body == b"bad":
            raise ConnectError("no")
        return Response(200, (), request.body)

    async def close(self) -> None: ...


class Shared:
    def __init__(self, subgraph: Subgraph) -> None:
        self.count = 0
        self.transport = SharingTransport(subgraph, self._add)

    def _add(self) -> None:
        self.count += 1


async def begun() -> None:
    """Lets all tasks that were made come to where they wait: one turn to ask, one for the request itself."""
    for _ in range(3):
        await asyncio.sleep(0)


def query(body: bytes = b"q", **headers: str) -> Request:
    return Request(body=body, headers=tuple(headers.items()), idempotent=True)


async def all_of(transport: SharingTransport, *requests: Request) -> list[Response]:
    return await asyncio.gather(*[transport.send(request, timeout=5) for request in requests])


async def test_equal_queries_are_sent_once_and_counted() -> None:
    subgraph = Subgraph()
    shared = Shared(subgraph)
    answers = await all_of(shared.transport, *[query(traceparent=TRACE.format(n)) for n in range(9)])
    assert [answer.body for answer in answers] == [b"q"] * 9
    assert (len(subgraph.sent), shared.count) == (1, 8)


async def test_a_cookie_is_for_the_client_whose_request_was_sent() -> None:
    class Greeting(Subgraph):
        async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
            answer = await super().send(request, timeout=timeout)
            return Response(200, (("set-cookie", "session=1"), ("x", "y")), answer.body)

    answers = await all_of(
        Shared(Greeting()).transport, *[query(traceparent=TRACE.format(n)) for n in range(3)]
    )
    assert [answer.header("set-cookie") for answer in answers] == ["session=1", None, None]
    assert [answer.header("x") for answer in answers] == ["y"] * 3


async def test_what_has_been_answered_is_asked_again() -> None:
    subgraph = Subgraph()
    transport = Shared(subgraph).transport
    for _ in range(3):
        await transport.send(query())
    assert len(subgraph.sent) == 3


@pytest.mark.parametrize(
    "other",
    [
        query(b"another"),
        query(authorization="Bearer b"),
        query(authorization="Bearer a", cookie="c"),
        query(),
        Request(path="/other", body=b"q", headers=(("authorization", "Bearer a"),), idempotent=True),
        Request(method="GET", body=b"q", headers=(("authorization", "Bearer a"),), idempotent=True),
    ],
)
async def test_queries_that_differ_are_each_sent(other: Request) -> None:
    subgraph = Subgraph()
    await all_of(Shared(subgraph).transport, query(authorization="Bearer a"), other)
    assert len(subgraph.sent) == 2


async def test_mutations_are_never_shared() -> None:
    subgraph = Subgraph()
    await all_of(Shared(subgraph).transport, Request(body=b"m"), Request(body=b"m"))
    assert len(subgraph.sent) == 2


async def test_an_error_goes_to_all() -> None:
    subgraph = Subgraph()
    transport = Shared(subgraph).transport
    outcomes = await asyncio.gather(
        *[transport.send(query(b"bad")) for _ in range(3)], return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [ConnectError] * 3
    assert len(subgraph.sent) == 1


@pytest.mark.parametrize("leaver", [0, 1])
async def test_one_who_is_cancelled_takes_nobody_along(leaver: int) -> None:
    subgraph = Subgraph()
    transport = Shared(subgraph).transport
    tasks = [asyncio.create_task(transport.send(query())) for _ in range(3)]
    await begun()
    tasks.pop(leaver).cancel()
    assert [answer.body for answer in await asyncio.gather(*tasks)] == [b"q", b"q"]
    assert len(subgraph.sent) == 1


@pytest.mark.parametrize("leaver", [0, 1])
async def test_one_whose_time_is_over_takes_nobody_along(leaver: int) -> None:
    subgraph = Subgraph(latency=0.1)
    transport = Shared(subgraph).transport
    times = [5.0, 5.0, 5.0]
    times[leaver] = 0.01
    outcomes = await asyncio.gather(
        *[transport.send(query(), timeout=time) for time in times], return_exceptions=True
    )
    assert isinstance(outcomes.pop(leaver), TimeoutError_)
    assert [answer.body for answer in outcomes] == [b"q", b"q"]  # type: ignore[union-attr] # they did not fail


async def test_the_last_one_who_leaves_cancels_and_who_comes_then_asks_anew() -> None:
    subgraph = Subgraph(latency=60)
    transport = Shared(subgraph).transport
    tasks = [asyncio.create_task(transport.send(query())) for _ in range(3)]
    await begun()
    for task in tasks:
        task.cancel()
    subgraph.latency = 0
    late = asyncio.create_task(transport.send(query()))
    await asyncio.wait(tasks)
    assert (await late).body == b"q"
    assert (len(subgraph.sent), len(subgraph.cancelled), subgraph.open) == (2, 1, 0)


@pytest.mark.parametrize("seed", range(5))
async def test_many_who_come_leave_and_fail_at_random(seed: int) -> None:
    chance = random.Random(seed)
    subgraph = Subgraph()
    shared = Shared(subgraph)

    async def ask(number: int) -> None:
        body = chance.choice([b"a", b"b", b"bad"])
        await asyncio.sleep(chance.random() * 0.2)
        subgraph.latency = chance.random() * 0.03
        caller = chance.choice("xy")
        timeout = chance.choice([None, 5, 0.01])
        asked = asyncio.create_task(shared.transport.send(query(body, authorization=caller), timeout=timeout))
        if number % 3 == 0:
            await asyncio.sleep(0.001 + chance.random() * 0.02)
            asked.cancel()
        try:
            answer = await asked
        except asyncio.CancelledError:
            assert number % 3 == 0
        except ConnectError:
            assert body == b"bad"
        except TimeoutError_:
            assert timeout == 0.01
        else:
            assert answer.body == body != b"bad"

    await asyncio.gather(*[ask(number) for number in range(300)])
    await asyncio.sleep(0)
    assert subgraph.open == 0
    assert 1 < len(subgraph.sent) < 300
    assert len(subgraph.sent) + shared.count == 300
