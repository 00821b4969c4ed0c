"""The unit of work: what one use case reads and writes, and the events that tell of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Executable

from common.telemetry.context import outgoing_headers

if TYPE_CHECKING:  # events are built on transactions
    from common.events.event import Event

INSERT_EVENT = text("""
    INSERT INTO outbox (subject, aggregate_id, payload, headers)
    VALUES (:subject, :aggregate_id, CAST(:payload AS text)::jsonb, CAST(:headers AS text)::jsonb)
""")

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Change(NamedTuple):
    """That something may be another than it was: a kind of thing and the key of one."""

    topic: str
    key: str


class Transaction:
    """An open transaction on `connection`; only `Database.transaction` makes, commits and rolls it back."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.has_events = False
        self.changes: set[Change] = set()

    async def execute(
        self, statement: Executable | str, parameters: Parameters | None = None
    ) -> CursorResult[Any]:
        """Run a statement; a text names its parameters `:like_this`."""
        executable = text(statement) if isinstance(statement, str) else statement
        return await self.connection.execute(executable, parameters)

    async def publish(self, *events: "Event") -> None:
        """Tell other services of `events`, in this order, if, and only if, this transaction commits."""
        headers = event_headers()
        rows = [
            {
                "subject": event.subject,
                "aggregate_id": event.aggregate_id,
                "payload": msgspec.json.encode(event).decode(),
                "headers": headers,
            }
            for event in events
        ]
        if rows:
            await self.connection.execute(INSERT_EVENT, rows)  # many travel together
            self.has_events = True

    def changed(self, topic: str, key: str) -> None:
        """Tell those who watch `key` (`common.live`) to look again if, and when, this transaction has committed."""
        self.changes.add(Change(topic, key))


def event_headers() -> str:
    """The headers of an event that is published now, as JSON: for a statement that writes a row of `outbox` by itself."""
    return msgspec.json.encode(dict(outgoing_headers())).decode()
