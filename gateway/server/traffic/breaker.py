"""A circuit to a subgraph that is opened where the subgraph fails too often, so that nobody waits for it meanwhile."""

import time
from collections.abc import Callable
from enum import IntEnum

from common.http import Request, Response, Transport, TransportError
from common.resilience import Window
from gateway.server.config.traffic import CircuitBreaker
from gateway.server.traffic.around import Around, CircuitOpen

_SECONDS = 10.0


class State(IntEnum):
    """What a circuit lets through: everything, a few trials, nothing."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Circuit:
    """Opens, half-opens and closes by what is told of requests. `changed` is called with each new state.

    Every `enter` that is granted is followed by one `leave`.
    """

    def __init__(
        self,
        config: CircuitBreaker,
        changed: Callable[[State], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._changed = changed
        self._clock = clock
        self._window = Window(_SECONDS, clock=clock)
        self._open_until = 0.0
        self._trials = self._successes = self._era = 0
        self._become(State.CLOSED)

    def enter(self) -> int | None:
        """The era in which the request begins, for `leave`; None where it may not."""
        if self.state is State.OPEN and self._clock() >= self._open_until:
            self._trials = self._successes = 0
            self._become(State.HALF_OPEN)
        if self.state is State.OPEN or (
            self.state is State.HALF_OPEN and self._trials >= self._config.half_open_attempts
        ):
            return None
        self._trials += 1
        return self._era

    def leave(self, era: int, *, failed: bool | None) -> None:
        """How a request ended; None for one that was given up. One that began in another era tells nothing of this one."""
        if era != self._era:
            return
        if self.state is State.HALF_OPEN:
            self._judge_trial(failed)
        elif failed is not None:
            self._window.add(all=1, marked=int(failed))
            if failed and self._is_failing():
                self._open()

    def _judge_trial(self, failed: bool | None) -> None:  # noqa: FBT001 - one fact
        if failed is None:
            self._trials -= 1
        elif failed:
            self._open()
        else:
            self._successes += 1
            if self._successes >= self._config.half_open_attempts:
                self._window.clear()
                self._become(State.CLOSED)

    def _is_failing(self) -> bool:
        seen = self._window.all
        threshold = self._config.error_threshold * seen
        return seen >= self._config.volume_threshold and self._window.marked >= threshold

    def _open(self) -> None:
        self._open_until = self._clock() + self._config.reset_timeout
        self._become(State.OPEN)

    def _become(self, state: State) -> None:
        self.state = state
        self._era += 1
        self._changed(state)


class BreakingTransport(Around):
    """A transport that raises CircuitOpen instead of sending while the circuit is open.

    Failures are: no whole response, and the statuses that the configuration names.
    """

    def __init__(self, inner: Transport, circuit: Circuit, config: CircuitBreaker) -> None:
        super().__init__(inner)
        self._circuit = circuit
        self._statuses = frozenset(config.error_status_codes)

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:  # noqa: ASYNC109 - Transport's signature
        era = self._circuit.enter()
        if era is None:
            raise CircuitOpen
        failed: bool | None = None
        try:
            response = await self._inner.send(request, timeout=timeout)
        except TransportError:
            failed = True
            raise
        else:
            failed = response.status in self._statuses
            return response
        finally:
            self._circuit.leave(era, failed=failed)
