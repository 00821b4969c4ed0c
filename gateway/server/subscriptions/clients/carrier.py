"""The operations that one connection carries at the same time, by the ids that the client gave them."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from common.telemetry import TraceContext, current_trace
from gateway.server.errors import RequestError, error_body
from gateway.server.exchange import Exchange
from gateway.server.http.answer import Answer
from gateway.server.http.parameters import Parameters
from gateway.server.subscriptions.errors import StreamError
from gateway.server.subscriptions.stream import ResponseStream

_log = logging.getLogger("hansa.router")
_MAX_OPERATIONS = 1000
"""Of one connection, at the same time."""


class Operating(Protocol):
    """What answers an operation: the pipeline of the router's generation."""

    async def operate(self, exchange: Exchange, parameters: Parameters) -> Answer: ...


class Sink(Protocol):
    """Where the messages about operations go. Each waits until there is room."""

    async def next(self, id_: str, payload: bytes) -> None: ...

    async def refused(self, id_: str, errors: Sequence[Mapping[str, Any]]) -> None:
        """The operation has not run."""
        ...

    async def failed(self, id_: str, failure: StreamError) -> None:
        """The stream has ended early."""
        ...

    async def complete(self, id_: str) -> None: ...


class Carrier:
    """Runs them, each in a task of its own; their messages go to `sink`."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._running: dict[str, tuple[asyncio.Task[None], Exchange]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __contains__(self, id_: str) -> bool:
        return id_ in self._running

    @property
    def is_full(self) -> bool:
        """Whether no other one may be started."""
        return len(self._running) >= _MAX_OPERATIONS

    def start(self, id_: str, exchange: Exchange, parameters: Parameters, operating: Operating) -> None:
        """Runs an operation under an id that none has that is running."""
        assert id_ not in self._running, "the connection has asked"
        task = asyncio.create_task(self._run(id_, exchange, parameters, operating))
        self._running[id_] = task, exchange
        self._tasks.add(task)  # a mutation goes on without its id
        task.add_done_callback(self._tasks.discard)

    def stop(self, id_: str) -> None:
        """The client does not want to hear any more of it; a mutation goes on."""
        running = self._running.pop(id_, None)
        if running is not None:
            task, exchange = running
            if exchange.operation_type != "mutation":
                task.cancel()

    def close(self) -> None:
        """Stops them all."""
        for id_ in tuple(self._running):
            self.stop(id_)

    async def _run(self, id_: str, exchange: Exchange, parameters: Parameters, operating: Operating) -> None:
        current_trace.set(TraceContext.start())
        try:
            await self._answer(id_, exchange, parameters, operating)
        finally:
            self._end(id_, exchange)
            if _log.isEnabledFor(logging.INFO):
                seconds = time.perf_counter() - exchange.started
                _log.info("operation", extra={"data": exchange.log_line(200, seconds)})

    async def _answer(
        self, id_: str, exchange: Exchange, parameters: Parameters, operating: Operating
    ) -> None:
        try:
            answer = await operating.operate(exchange, parameters)
            if answer.stream is None:
                await self._sink.next(id_, answer.body)
            else:
                await self._relay(id_, answer.stream)
        except RequestError as error:
            exchange.errors = len(error.errors)
            await self._sink.refused(id_, error.errors)
        except StreamError as failure:
            exchange.errors = 1
            await self._sink.failed(id_, failure)
        except Exception:  # noqa: BLE001 - a defect is answered, not the connection cut; the log has it in full
            exchange.errors = 1
            _log.exception("An operation could not be answered")
            await self._sink.refused(id_, [error_body("Internal error", "INTERNAL_SERVER_ERROR")])
        else:
            self._end(id_, exchange)  # from now on the client may use the id again
            await self._sink.complete(id_)

    async def _relay(self, id_: str, stream: ResponseStream) -> None:
        async with aclosing(stream.payloads()) as payloads:
            async for payload in payloads:
                if payload is not None:
                    await self._sink.next(id_, payload)

    def _end(self, id_: str, exchange: Exchange) -> None:
        _, running = self._running.get(id_, (None, None))
        if running is exchange:
            del self._running[id_]
