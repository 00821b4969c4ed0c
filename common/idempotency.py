"""Idempotency keys: a request that is sent again has one effect and gets the same answer.

The key, the fingerprint of the request and its result are written in the transaction of the effect. So a crash
leaves all or nothing, and a duplicate that comes meanwhile waits for the first to end.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct
from sqlalchemy import text

from common.database import Transaction
from common.errors import DomainError
from common.failpoints import failpoint

T = TypeVar("T")


def claiming(source: str = "") -> str:
    """What claims a key, by the `values` of a `Claim`, if `source` (a FROM) has a row: for a service that does all in one statement."""
    return f"""
        INSERT INTO idempotency (scope, key, fingerprint, result)
        SELECT :scope, :key, :fingerprint, CAST(CAST(:result AS text) AS jsonb) {source} ON CONFLICT DO NOTHING
    """


CLAIM = text(claiming())
RECALL = text("SELECT fingerprint, result::text FROM idempotency WHERE scope = :scope AND key = :key")
KEEP = text("""
    UPDATE idempotency SET result = CAST(:result AS text)::jsonb WHERE scope = :scope AND key = :key
""")


class IdempotencyMismatch(DomainError):  # noqa: N818  the name says what it is; callers show it
    """The key was used before, for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    status = 422


class Claim(Struct, frozen=True):
    """That a key is for one request and no other."""

    scope: str
    key: str
    fingerprint: bytes

    @classmethod
    def of(cls, scope: str, key: str, request: Struct) -> "Claim":
        """`scope` is what the key is unique in: the operation, and whose key it is."""
        return cls(scope, key, hashlib.sha256(msgspec.json.encode(request, order="deterministic")).digest())

    def values(self, result: object = None) -> dict[str, Any]:
        """The parameters of `claiming`; the `result` is kept at once if it is known."""
        text = None if result is None else msgspec.json.encode(result).decode()
        return {"scope": self.scope, "key": self.key, "fingerprint": self.fingerprint, "result": text}


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
    wanted = Claim.of(scope, key, request)
    if not await claim(transaction, wanted):
        kept = await answered(transaction, wanted, result)
        return cast("T", kept)  # what claims a key answers in the same transaction; None may be the answer
    failpoint("idempotency.after_claim")
    answer = await run()
    failpoint("idempotency.after_run")
    place = {"scope": scope, "key": key}
    await transaction.execute(KEEP, {**place, "result": msgspec.json.encode(answer).decode()})
    failpoint("idempotency.after_keep")
    return answer


async def claim(transaction: Transaction, wanted: Claim, result: object = None) -> bool:
    """Whether the key is new, and from now on is that of the request; one that another transaction claims is waited for."""
    return bool((await transaction.execute(CLAIM, wanted.values(result))).rowcount)


async def answered(transaction: Transaction, wanted: Claim, result: type[T]) -> T | None:
    """What the request came to before; None when it did not. Raises IdempotencyMismatch when the key was another's."""
    place = {"scope": wanted.scope, "key": wanted.key}
    kept = (await transaction.execute(RECALL, place)).one_or_none()
    if kept is None:
        return None
    if kept.fingerprint != wanted.fingerprint:
        raise IdempotencyMismatch("This idempotency key was used for another request", key=wanted.key)
    return msgspec.json.decode(kept.result, type=result)


async def recall(transaction: Transaction, *, scope: str, key: str, result: type[T]) -> T | None:
    """What a request under that key came to, whatever it was; None when there was none."""
    kept = (await transaction.execute(RECALL, {"scope": scope, "key": key})).one_or_none()
    return msgspec.json.decode(kept.result, type=result) if kept else None
