"""A circuit opens where too much fails, half-opens after a while, and closes when trials succeed."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from common.http import ConnectError, Response, TransportError
from gateway.server.config.duration import Duration
from gateway.server.config.traffic import CircuitBreaker
from gateway.server.traffic.around import CircuitOpen
from gateway.server.traffic.breaker import BreakingTransport, Circuit, State
from tests.unit.server.traffic.peers import OK, QUERY, Clock, Held, Peer

CONFIG = CircuitBreaker(
    error_threshold=0.5, volume_threshold=4, reset_timeout=Duration(30), half_open_attempts=2
)
BAD = ConnectError()


class Bench:
    """A circuit on a clock that is turned, to a peer that is told how to behave."""

    def __init__(self, config: CircuitBreaker = CONFIG) -> None:
        self.clock = Clock()
        self.states: list[State] = []
        self.outcome: Response | TransportError = OK
        self.peer = Peer(lambda _: self.outcome)
        self.circuit = Circuit(config, self.states.append, clock=self.clock)
        self.transport = BreakingTransport(self.peer, self.circuit, config)

    async def send(self, *outcomes: Response | TransportError) -> list[type]:
        found: list[type] = []
        for self.outcome in outcomes:
            try:
                found.append(type(await self.transport.send(QUERY)))
            except TransportError as error:
                found.append(type(error))
        return found


async def test_it_opens_half_opens_and_closes() -> None:
    bench = Bench()
    await bench.send(OK, OK, BAD, BAD)
    assert bench.states == [State.CLOSED, State.OPEN]
    assert await bench.send(OK) == [CircuitOpen]
    bench.clock.now += 29.9
    assert await bench.send(OK) == [CircuitOpen]
    bench.clock.now += 0.2
    assert await bench.send(OK) == [Response]
    assert bench.states[2:] == [State.HALF_OPEN]
    await bench.send(OK)
    assert bench.states[3:] == [State.CLOSED]
    assert bench.peer.requests == 6


async def test_a_trial_that_fails_opens_it_again() -> None:
    bench = Bench()
    await bench.send(BAD, BAD, BAD, BAD)
    bench.clock.now += 31
    await bench.send(OK, BAD)
    assert bench.states == [State.CLOSED, State.OPEN, State.HALF_OPEN, State.OPEN]
    assert await bench.send(OK) == [CircuitOpen]
    bench.clock.now += 31
    assert await bench.send(OK, OK) == [Response, Response]
    assert bench.states[-1] is State.CLOSED


async def test_few_requests_do_not_open_it_and_old_failures_are_forgotten() -> None:
    bench = Bench()
    await bench.send(BAD, BAD, BAD)
    bench.clock.now += 11
    await bench.send(BAD)
    assert bench.states == [State.CLOSED]


async def test_what_failed_before_it_was_closed_does_not_count_afterwards() -> None:
    bench = Bench(replace(CONFIG, reset_timeout=Duration(1)))
    await bench.send(BAD, BAD, BAD, BAD)
    bench.clock.now += 1.1
    await bench.send(OK, OK, BAD)
    assert bench.states[-1] is State.CLOSED


@pytest.mark.parametrize(("status", "opens"), [(500, True), (503, True), (400, False), (429, False)])
async def test_the_statuses_of_the_configuration_are_failures(status: int, opens: bool) -> None:  # noqa: FBT001 - a table
    bench = Bench()
    assert await bench.send(*[Response(status, (), b"")] * 4) == [Response] * 4
    assert (bench.states[-1] is State.OPEN) is opens


async def test_half_open_it_lets_only_trials_through_and_one_that_is_given_up_makes_room() -> None:
    clock, held, states = Clock(), Held(), list[State]()
    circuit = Circuit(CONFIG, states.append, clock=clock)
    for _ in range(4):
        era = circuit.enter()
        assert era is not None
        circuit.leave(era, failed=True)
    clock.now += 31
    transport = BreakingTransport(held, circuit, CONFIG)
    async with asyncio.timeout(10):
        trials = [asyncio.create_task(transport.send(QUERY)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(CircuitOpen):
            await transport.send(QUERY)
        trials[0].cancel()
        await asyncio.wait([trials[0]])
        another = asyncio.create_task(transport.send(QUERY))
        await asyncio.sleep(0)
        held.release()
        assert await asyncio.gather(trials[1], another) == [OK, OK]
    assert states[-1] is State.CLOSED


async def test_what_began_before_it_opened_says_nothing_about_the_trials() -> None:
    bench = Bench()
    late = bench.circuit.enter()
    assert late is not None
    await bench.send(BAD, BAD, BAD, BAD)
    bench.clock.now += 31
    await bench.send(OK)
    bench.circuit.leave(late, failed=True)
    assert bench.states[-1] is State.HALF_OPEN


STEPS = st.lists(st.one_of(st.sampled_from([OK, BAD]), st.floats(0.1, 40)), max_size=60)


@given(STEPS)
def test_it_is_open_for_its_time_only_and_closes_when_trials_succeed(
    steps: list[Response | TransportError | float],
) -> None:
    asyncio.run(_walk(steps))


async def _walk(steps: list[Response | TransportError | float]) -> None:
    bench = Bench()
    opened_at = 0.0
    for step in steps:
        if isinstance(step, float):
            bench.clock.now += step
            continue
        before, known = bench.circuit.state, len(bench.states)
        (found,) = await bench.send(step)
        if found is CircuitOpen:
            assert before is State.OPEN
            assert bench.clock.now < opened_at + 30
        if State.OPEN in bench.states[known:]:
            opened_at = bench.clock.now
    bench.clock.now += 30.1
    assert CircuitOpen not in await bench.send(OK, OK)
    assert bench.circuit.state is State.CLOSED
