"""The inbox's SQL: what a consumer has had, and what it had to give up."""

import msgspec
from sqlalchemy import text

from common.database import Transaction
from common.events.event import Message

RECEIVE = text("""
    INSERT INTO inbox (consumer, message_id) VALUES (:consumer, :message_id) ON CONFLICT DO NOTHING
""")
PARK = text("""
    INSERT INTO parked (consumer, message_id, subject, payload, headers, error)
    VALUES (:consumer, :message_id, :subject, :payload, CAST(:headers AS text)::jsonb, :error)
""")


async def receive(transaction: Transaction, consumer: str, message: Message) -> bool:
    """Whether the message is new to `consumer`; it is not any more if `transaction` commits."""
    result = await transaction.execute(RECEIVE, {"consumer": consumer, "message_id": message.id})
    return bool(result.rowcount)


async def park(transaction: Transaction, consumer: str, message: Message, error: str) -> None:
    """Put the message aside with the reason, for a person to look at."""
    await transaction.execute(
        PARK,
        {
            "consumer": consumer,
            "message_id": message.id,
            "subject": message.subject,
            "payload": message.payload,
            "headers": msgspec.json.encode(message.headers).decode(),
            "error": error,
        },
    )
