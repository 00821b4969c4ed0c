"""The SQL of outgoing webhooks. Time is the database's.

A claim moves `next_at` ahead and counts the attempt, which is its fencing token: who was stopped for longer than the claim
holds finds that its outcome is no longer asked for.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Row, text

from common.database import Transaction
from subgraphs.payments.domain.webhooks import DeliveryState, WebhookDelivery, WebhookEndpoint

CLAIM_TIME: Final = timedelta(seconds=60)

COLUMNS: Final = "id, url, is_enabled, created_at"
ADD_ENDPOINT = text(f"""
    INSERT INTO webhook_endpoint (id, url, secret) VALUES (:id, :url, :secret) RETURNING {COLUMNS}
""")  # noqa: S608 - the columns above
LIST_ENDPOINTS = text(f"SELECT {COLUMNS} FROM webhook_endpoint ORDER BY id")  # noqa: S608 - the columns above
ROTATE = text(f"""
    UPDATE webhook_endpoint SET secret = :secret, old_secret = secret, old_secret_until = now() + :overlap
    WHERE id = :id RETURNING {COLUMNS}
""")  # noqa: S608 - the columns above
ENABLE = text(f"""
    UPDATE webhook_endpoint SET is_enabled = :is_enabled WHERE id = :id RETURNING {COLUMNS}
""")  # noqa: S608 - the columns above
REMOVE = text("DELETE FROM webhook_endpoint WHERE id = :id")
ADD_MESSAGE = text("""
    WITH endpoints AS (SELECT id FROM webhook_endpoint WHERE is_enabled),
    message AS (
        INSERT INTO webhook_message (id, type, object_id, body)
        SELECT :id, :type, :object_id, :body WHERE EXISTS (SELECT 1 FROM endpoints)
        RETURNING id, object_id
    )
    INSERT INTO webhook_delivery (endpoint_id, message_id, object_id)
    SELECT endpoints.id, message.id, message.object_id FROM endpoints, message
""")
CLAIM = text("""
    WITH claimed AS (
        UPDATE webhook_delivery SET attempts = attempts + 1, next_at = now() + :claim_time
        WHERE id IN (
            SELECT id FROM webhook_delivery AS due
            WHERE state = 'PENDING' AND next_at <= now() AND NOT EXISTS (
                SELECT 1 FROM webhook_delivery AS earlier
                WHERE earlier.endpoint_id = due.endpoint_id AND earlier.object_id = due.object_id
                  AND earlier.id < due.id AND earlier.state = 'PENDING'
            )
            ORDER BY next_at LIMIT :limit FOR UPDATE SKIP LOCKED
        )
        RETURNING id, endpoint_id, message_id, attempts
    )
    SELECT claimed.*, body, url, secret,
           CASE WHEN old_secret_until > now() THEN old_secret END AS old_secret
    FROM claimed JOIN webhook_message ON webhook_message.id = message_id
    JOIN webhook_endpoint ON webhook_endpoint.id = endpoint_id
""")
SETTLE = text("""
    UPDATE webhook_delivery SET state = :state, last_status = :status, last_error = :error,
           next_at = now() + CAST(:delay AS interval)
    WHERE id = :id AND attempts = :attempt AND state = 'PENDING'
""")
REPLAY = text("""
    UPDATE webhook_delivery SET state = 'PENDING', attempts = 0, next_at = now() WHERE id = :id
""")
LIST_DELIVERIES = text("""
    SELECT delivery.*, type FROM webhook_delivery AS delivery JOIN webhook_message AS message ON message.id = message_id
    WHERE endpoint_id = :endpoint_id AND (CAST(:state AS text) IS NULL OR state = :state)
    ORDER BY delivery.id DESC LIMIT :limit
""")


class Claimed(Struct, frozen=True):
    """A delivery that is ours to try; `attempt` counts from 1. The `secrets` are sealed for their endpoint."""

    id: int
    endpoint_id: UUID
    message_id: str
    attempt: int
    body: bytes
    url: str
    secrets: tuple[bytes, ...]


async def add_endpoint(transaction: Transaction, id_: UUID, url: str, secret: bytes) -> WebhookEndpoint:
    added = await transaction.execute(ADD_ENDPOINT, {"id": id_, "url": url, "secret": secret})
    return _endpoint(added.one())


async def list_endpoints(transaction: Transaction) -> list[WebhookEndpoint]:
    return [_endpoint(row) for row in await transaction.execute(LIST_ENDPOINTS)]


async def rotate(
    transaction: Transaction, id_: UUID, secret: bytes, overlap: timedelta
) -> WebhookEndpoint | None:
    """Give the endpoint another secret; the one that it had signs too for `overlap`."""
    found = await transaction.execute(ROTATE, {"id": id_, "secret": secret, "overlap": overlap})
    row = found.one_or_none()
    return None if row is None else _endpoint(row)


async def enable(transaction: Transaction, id_: UUID, *, is_enabled: bool) -> WebhookEndpoint | None:
    row = (await transaction.execute(ENABLE, {"id": id_, "is_enabled": is_enabled})).one_or_none()
    return None if row is None else _endpoint(row)


async def remove(transaction: Transaction, id_: UUID) -> bool:
    """Remove the endpoint with its deliveries; False when there is none."""
    return bool((await transaction.execute(REMOVE, {"id": id_})).rowcount)


async def add_message(transaction: Transaction, id_: str, type_: str, object_id: UUID, body: bytes) -> None:
    """Tell every endpoint that is enabled."""
    parameters = {"id": id_, "type": type_, "object_id": object_id, "body": body.decode()}
    await transaction.execute(ADD_MESSAGE, parameters)


async def claim(transaction: Transaction, limit: int) -> list[Claimed]:
    """Some deliveries that are due, none while an earlier one of its object is on its way to the same endpoint."""
    rows = await transaction.execute(CLAIM, {"limit": limit, "claim_time": CLAIM_TIME})
    return [_claimed(row) for row in rows]


async def settle(
    transaction: Transaction,
    claimed: Claimed,
    state: DeliveryState,
    *,
    delay: timedelta | None = None,
    status: int | None,
    error: str | None,
) -> None:
    """Write down what came of a try; PENDING is due again after `delay`."""
    parameters = {"id": claimed.id, "attempt": claimed.attempt, "state": state.value}
    outcome = {"status": status, "error": error, "delay": delay or timedelta()}
    await transaction.execute(SETTLE, {**parameters, **outcome})


async def replay(transaction: Transaction, id_: int) -> bool:
    """Deliver it once more, as if it were new; False when there is none."""
    return bool((await transaction.execute(REPLAY, {"id": id_})).rowcount)


async def list_deliveries(
    transaction: Transaction, endpoint_id: UUID, state: DeliveryState | None, limit: int
) -> list[WebhookDelivery]:
    """The newest deliveries to an endpoint."""
    parameters = {"endpoint_id": endpoint_id, "state": state.value if state else None, "limit": limit}
    rows = await transaction.execute(LIST_DELIVERIES, parameters)
    return [msgspec.convert(dict(row._mapping), WebhookDelivery) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


def _endpoint(row: Row[Any]) -> WebhookEndpoint:
    return msgspec.convert(dict(row._mapping), WebhookEndpoint)  # noqa: SLF001 - SQLAlchemy's public name


def _claimed(row: Row[Any]) -> Claimed:
    secrets = (row.secret,) if row.old_secret is None else (row.secret, row.old_secret)
    return Claimed(row.id, row.endpoint_id, row.message_id, row.attempts, row.body.encode(), row.url, secrets)
