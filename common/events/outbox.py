"""The outbox's SQL: which events come next, which have been published; and which rows of the kernel can go.

The order is that of (transaction id, id), and only transactions below the oldest one that still runs count:
by id alone a reader would skip the event of a transaction that commits late.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import text

from common.database import Transaction
from common.events.event import Message

READ = text("""
    SELECT id, message_id, subject, payload::text, headers::text,
           txid < pg_snapshot_xmin(pg_current_snapshot()) AS settled
    FROM outbox WHERE published_at IS NULL ORDER BY txid, id LIMIT :limit
""")
MARK = text("UPDATE outbox SET published_at = now() WHERE id = ANY(:ids)")
# no redelivery and no repeated request can ask for these any more
RETENTION = (
    text("""
        DELETE FROM outbox WHERE id = ANY(ARRAY(
            SELECT id FROM outbox WHERE published_at < now() - interval '7 days' ORDER BY published_at LIMIT :limit
        ))
    """),
    text("""
        DELETE FROM inbox WHERE (consumer, message_id) IN (
            SELECT consumer, message_id FROM inbox WHERE received_at < now() - interval '30 days'
            ORDER BY received_at LIMIT :limit
        )
    """),
    text("""
        DELETE FROM idempotency WHERE (scope, key) IN (
            SELECT scope, key FROM idempotency WHERE created_at < now() - interval '30 days'
            ORDER BY created_at LIMIT :limit
        )
    """),
)


class Batch(Struct, frozen=True):
    """Events to publish, in order; `unsettled` says that more wait for a transaction to end."""

    ids: Sequence[int]
    messages: Sequence[Message]
    unsettled: bool


async def read_batch(transaction: Transaction, limit: int) -> Batch:
    """The next events, at most `limit`."""
    rows = (await transaction.execute(READ, {"limit": limit})).all()
    settled = [row for row in rows if row.settled]
    messages = [
        Message(
            id=row.message_id,
            subject=row.subject,
            payload=row.payload.encode(),
            headers=msgspec.json.decode(row.headers, type=dict[str, str]),
        )
        for row in settled
    ]
    return Batch([row.id for row in settled], messages, len(settled) < len(rows))


async def mark_published(transaction: Transaction, ids: Sequence[int]) -> None:
    """These events are in the log."""
    await transaction.execute(MARK, {"ids": list(ids)})
