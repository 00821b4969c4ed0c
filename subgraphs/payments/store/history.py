"""The SQL of histories: events are appended under their next versions, and never changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, get_args
from uuid import UUID

import msgspec
from sqlalchemy import text

from common.database import RetryableError, Transaction
from subgraphs.payments.domain.history import Happened, Happening

APPEND: Final = text("""
    INSERT INTO payment_event (stream_id, version, type, data)
    SELECT :stream_id, :version + place - 1, type, data::jsonb
    FROM unnest(CAST(:types AS text[]), CAST(:data AS text[])) WITH ORDINALITY AS e (type, data, place)
    ON CONFLICT DO NOTHING RETURNING at
""")
READ: Final = text("""
    SELECT stream_id, version, type, data::text, at FROM payment_event
    WHERE stream_id = ANY(:stream_ids) ORDER BY stream_id, version
""")

HAPPENINGS: Final[Mapping[str, type[Happening]]] = {kind.__name__: kind for kind in get_args(Happening)}
"""The kinds by the name that they are stored under."""


class VersionConflictError(RetryableError):
    """Another transaction has appended under the same version: look again, and decide again."""


async def append(
    transaction: Transaction, stream_id: UUID, version: int, events: Sequence[Happening]
) -> datetime:
    """Append `events`, the first of them as `version`; gives the time that they have.

    Raises:
        VersionConflictError: there is an event of that version.
    """
    parameters = {
        "stream_id": stream_id,
        "version": version,
        "types": [type(event).__name__ for event in events],
        "data": [msgspec.json.encode(event).decode() for event in events],
    }
    times = list((await transaction.execute(APPEND, parameters)).scalars())
    if len(times) < len(events):
        raise VersionConflictError(f"{stream_id} has a version {version} already")
    return times[0]  # type: ignore[no-any-return]  # a column's value is Any


async def read(transaction: Transaction, stream_ids: Sequence[UUID]) -> dict[UUID, list[Happened]]:
    """The histories, in order."""
    found: dict[UUID, list[Happened]] = {id_: [] for id_ in stream_ids}
    for row in await transaction.execute(READ, {"stream_ids": list(stream_ids)}):
        event = msgspec.json.decode(row.data, type=HAPPENINGS[row.type])
        found[row.stream_id].append(Happened(row.version, event, row.at))
    return found
