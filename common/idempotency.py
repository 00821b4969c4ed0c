"""Idempotency keys: a request that is sent again has one effect and gets the same answer.

The key, the fingerprint of the request and its result are written in the transaction of the effect. So a crash
leaves all or nothing, and a duplicate that comes meanwhile waits for the first to end.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import text

from common.database import Transaction
from common.errors import DomainError
from common.failpoints import failpoint

T = TypeVar("T")

CLAIM = text("""
    INSERT INTO idempotency (scope, key, fingerprint) VALUES (:scope, :key, :fingerprint)
    ON CONFLICT DO NOTHING
""")
RECALL = text("SELECT fingerprint, result::text FROM idempotency WHERE scope = :scope AND key = :key")
KEEP = text("""
    UPDATE idempotency SET result = CAST(:result AS text)::jsonb WHERE scope = :scope AND key = :key
""")


class IdempotencyMismatch(DomainError):  # noqa: N818  the name says what it is; callers show it
    """The key was used before, for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    status = 422


async def once(
    transaction: Transaction,
    *,
    scope: str,
    key: str,
    request: Struct,
    run: Callable[[], Awaitable[T]],
    result: type[T],
) -> T:
    """The result of `run`, or what it gave the first time.

    Args:
        transaction: what `run` works in; the key is remembered if it commits.
        scope: what the key is unique in: the operation, and whose key it is.
        key: chosen by the caller.
        request: what is asked for; another request under the same key is refused.
        run: called at most once a key.
        result: the type of its result, which must be one that msgspec writes as JSON and reads back.

    Raises:
        IdempotencyMismatch: the key came before with another request.
    """
    place = {"scope": scope, "key": key}
    fingerprint = hashlib.sha256(msgspec.json.encode(request, order="deterministic")).digest()
    claimed = await transaction.execute(CLAIM, {**place, "fingerprint": fingerprint})
    if claimed.rowcount == 0:
        kept = (await transaction.execute(RECALL, place)).one()
        if kept.fingerprint != fingerprint:
            raise IdempotencyMismatch("This idempotency key was used for another request", key=key)
        return msgspec.json.decode(kept.result, type=result)
    failpoint("idempotency.after_claim")
    answer = await run()
    failpoint("idempotency.after_run")
    await transaction.execute(KEEP, {**place, "result": msgspec.json.encode(answer).decode()})
    failpoint("idempotency.after_keep")
    return answer


async def recall(transaction: Transaction, *, scope: str, key: str, result: type[T]) -> T | None:
    """What a request under that key came to, whatever it was; None when there was none."""
    kept = (await transaction.execute(RECALL, {"scope": scope, "key": key})).one_or_none()
    return msgspec.json.decode(kept.result, type=result) if kept else None
