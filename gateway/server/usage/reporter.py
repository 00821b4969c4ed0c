"""Sends records to the event stream, many in one message, and never holds up a request for it."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import msgspec

from common.events.event import Message
from common.events.log import EventLog, LogUnavailableError
from common.telemetry import trace_id
from gateway.server.config.telemetry import Usage
from gateway.server.exchange import Exchange
from gateway.server.usage.records import Recorder, UsageRecord, UsageReported

_log = logging.getLogger("hansa.router")
_INTERVAL = 1.0
_MOST = 500
"""Records in one message; a NATS server takes a megabyte."""

_LAST_CHANCE = 2.0
"""Seconds for what is left when the reporter is closed."""


class UsageReporter:
    """Keeps `buffer_size` records while the stream is down; what comes then is dropped, and told by `dropped`.

    A message that may have arrived is sent again with the same id, so that the stream has it once.
    """

    def __init__(self, log: EventLog, config: Usage, dropped: Callable[[int], None]) -> None:
        self._log = log
        self._recorder = Recorder(config)
        self._most = config.buffer_size
        self._dropped = dropped
        self._router = str(uuid4())
        self._records: deque[UsageRecord] = deque()
        self._message: tuple[Message, int] | None = None
        self._is_down = False
        self._sending: asyncio.Task[None] | None = None

    def report(self, exchange: Exchange, status: int, seconds: float) -> None:
        """The operations of one request that was answered."""
        now, trace = time.time(), trace_id()
        for each in exchange.entries or (exchange,):
            record = self._recorder.record(each, status, seconds, time=now, trace_id=trace)
            if record is not None:
                self._keep(record)

    async def close(self) -> None:
        """Sends what is left, if that can be done soon."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_CHANCE):
                await self._flush()
        left = len(self._records) + (self._message[1] if self._message else 0)
        if left:
            self._dropped(left)
        await self._log.close()

    def _keep(self, record: UsageRecord) -> None:
        if len(self._records) >= self._most:
            self._dropped(1)
            return
        self._records.append(record)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL)
            try:
                await self._flush()
            except Exception:  # noqa: BLE001 - a defect costs one message, not those to come
                _log.exception("Usage records could not be sent")
                self._forget()

    async def _flush(self) -> None:
        while self._message or self._records:
            self._message = self._message or self._pack()
            try:
                await self._log.publish([self._message[0]])
            except LogUnavailableError as error:
                if not self._is_down:  # told once
                    _log.warning("The stream of usage records is down: %s", error)
                self._is_down = True
                return
            self._message, self._is_down = None, False

    def _pack(self) -> tuple[Message, int]:
        taken = tuple(self._records.popleft() for _ in range(min(_MOST, len(self._records))))
        event = UsageReported(router=self._router, records=taken)
        message = Message(id=uuid4(), subject=event.subject, payload=msgspec.json.encode(event), headers={})
        return message, len(taken)

    def _forget(self) -> None:
        if self._message is not None:
            self._dropped(self._message[1])
        self._message = None
