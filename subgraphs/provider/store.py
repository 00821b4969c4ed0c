"""The SQL of the provider, and nothing but. Time is the database's."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import text

from common.database import Transaction
from subgraphs.provider.domain.balance import Entry, EntryKind
from subgraphs.provider.domain.intents import Intent, Refund

MAX_ATTEMPTS: Final = 30
CLAIM_SECONDS: Final = 30.0

PUT_INTENT = text("""
    INSERT INTO intent (id, document) VALUES (:id, CAST(CAST(:document AS text) AS jsonb))
    ON CONFLICT (id) DO UPDATE SET document = excluded.document
""")
FIND_INTENT = text("SELECT document::text FROM intent WHERE id = :id")
LOCK_INTENT = text("SELECT document::text FROM intent WHERE id = :id FOR UPDATE")
SEARCH = text("""
    SELECT document::text FROM intent
    WHERE document -> 'metadata' @> CAST(CAST(:equal AS text) AS jsonb)
      AND document -> 'metadata' ?& CAST(:present AS text[])
    ORDER BY created_at DESC LIMIT :limit
""")
ADD_REFUND = text("""
    INSERT INTO refund (id, intent_id, document) VALUES (:id, :intent_id, CAST(CAST(:document AS text) AS jsonb))
""")
LIST_REFUNDS = text("""
    SELECT document::text FROM refund WHERE intent_id = :intent_id ORDER BY created_at DESC LIMIT :limit
""")
ADD_ENTRY = text("""
    INSERT INTO entry (kind, intent_id, source_id, amount, fee, currency, reference)
    VALUES (:kind, :intent_id, :source_id, :amount, :fee, :currency, :reference)
""")
MOVED = text("""
    SELECT * FROM entry WHERE kind IN ('charge', 'refund')
      AND created_at >= CAST(:first AS date) AND created_at < CAST(:last AS date) + 1 ORDER BY id
""")
LOSE = text("INSERT INTO lost_request (key) VALUES (:key) ON CONFLICT DO NOTHING")
ADD_WEBHOOK = text("INSERT INTO webhook (id, body, copies) VALUES (:id, :body, :copies)")
CLAIM_WEBHOOKS = text("""
    UPDATE webhook SET attempts = attempts + 1,
        next_at = now() + least(interval '1 hour', interval '1 second' * (2 ^ attempts))
                  + make_interval(secs => :claim)
    WHERE id IN (
        SELECT id FROM webhook WHERE delivered_at IS NULL AND next_at <= now() AND attempts < :max_attempts
        ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING id, body, copies, attempts
""")
DELIVERED = text("UPDATE webhook SET delivered_at = now() WHERE id = :id")
REFUSED = text("UPDATE webhook SET next_at = next_at - make_interval(secs => :claim) WHERE id = :id")


class Webhook(Struct, frozen=True):
    """An event that is to be told, `copies` times."""

    id: str
    body: str
    copies: int
    attempts: int


async def put_intent(transaction: Transaction, intent: Intent) -> None:
    """Keep the intent, new or changed."""
    await transaction.execute(PUT_INTENT, {"id": intent.id, "document": _json(intent)})


async def find_intent(transaction: Transaction, id_: str) -> Intent | None:
    found = (await transaction.execute(FIND_INTENT, {"id": id_})).scalar_one_or_none()
    return None if found is None else msgspec.json.decode(found, type=Intent)


async def lock_intent(transaction: Transaction, id_: str) -> Intent | None:
    """The intent, which nobody else changes before `transaction` ends."""
    found = (await transaction.execute(LOCK_INTENT, {"id": id_})).scalar_one_or_none()
    return None if found is None else msgspec.json.decode(found, type=Intent)


async def search_intents(
    transaction: Transaction, equal: dict[str, str], present: Sequence[str], limit: int
) -> list[Intent]:
    """The newest intents whose metadata has these values and these keys."""
    parameters = {"equal": _json(equal), "present": list(present), "limit": limit}
    found = await transaction.execute(SEARCH, parameters)
    return [msgspec.json.decode(document, type=Intent) for document in found.scalars()]


async def add_refund(transaction: Transaction, refund: Refund) -> None:
    parameters = {"id": refund.id, "intent_id": refund.intent_id, "document": _json(refund)}
    await transaction.execute(ADD_REFUND, parameters)


async def list_refunds(transaction: Transaction, intent_id: str, limit: int) -> list[Refund]:
    """The newest refunds of an intent."""
    found = await transaction.execute(LIST_REFUNDS, {"intent_id": intent_id, "limit": limit})
    return [msgspec.json.decode(document, type=Refund) for document in found.scalars()]


async def add_entry(
    transaction: Transaction, kind: EntryKind, intent: Intent, *, source_id: str, amount: int, fee: int = 0
) -> None:
    """Write a line of the log."""
    parameters = {
        "kind": kind.value,
        "intent_id": intent.id,
        "source_id": source_id,
        "amount": amount,
        "fee": fee,
        "currency": intent.currency,
        "reference": intent.metadata.get("reference", ""),
    }
    await transaction.execute(ADD_ENTRY, parameters)


async def list_moved(transaction: Transaction, first: date, last: date) -> list[Entry]:
    """The charges and refunds of these days, both included, in order."""
    rows = await transaction.execute(MOVED, {"first": first, "last": last})
    return [msgspec.convert(dict(row._mapping), Entry) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


async def lose(transaction: Transaction, key: str) -> bool:
    """Whether the request is to be lost, which happens once."""
    return bool((await transaction.execute(LOSE, {"key": key})).rowcount)


async def add_webhook(transaction: Transaction, id_: str, body: bytes, copies: int) -> None:
    await transaction.execute(ADD_WEBHOOK, {"id": id_, "body": body.decode(), "copies": copies})


async def claim_webhooks(transaction: Transaction, limit: int) -> list[Webhook]:
    """Some that are due; they are due again after the claim and a backoff, unless they were delivered."""
    parameters = {"limit": limit, "claim": CLAIM_SECONDS, "max_attempts": MAX_ATTEMPTS}
    rows = await transaction.execute(CLAIM_WEBHOOKS, parameters)
    return [Webhook(row.id, row.body, row.copies, row.attempts) for row in rows]


async def webhook_delivered(transaction: Transaction, id_: str) -> None:
    await transaction.execute(DELIVERED, {"id": id_})


async def webhook_refused(transaction: Transaction, id_: str) -> None:
    """The claim is over, the backoff is not."""
    await transaction.execute(REFUSED, {"id": id_, "claim": CLAIM_SECONDS})


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
