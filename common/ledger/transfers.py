"""Transfers: what moves between two accounts, posted as a batch by one statement.

A PENDING transfer sets aside; POST takes all of it or less, VOID lets it go: one of them, once. Transfers are never changed. The id is the caller's, so that the same transfer again is told to exist already.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final, Self
from uuid import UUID

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import text

from common.database import Transaction

POST: Final = text("""
    SELECT ledger_post(
        CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:pendings AS uuid[]), CAST(:debits AS uuid[]),
        CAST(:credits AS uuid[]), CAST(:amounts AS bigint[]), CAST(:currencies AS text[]), CAST(:codes AS text[]),
        CAST(:references AS uuid[])
    )
""")
COLUMNS: Final = "id, kind, pending_id, debit_id, credit_id, amount, currency, code, reference, created_at"
LOOKUP: Final = text(f"SELECT {COLUMNS} FROM ledger_transfer WHERE id = ANY(:ids)")  # noqa: S608 - the columns above
BY_REFERENCE: Final = text(f"""
    SELECT {COLUMNS} FROM ledger_transfer WHERE reference = ANY(:references) ORDER BY created_at, id
""")  # noqa: S608 - the columns above
LIST: Final = text(f"""
    SELECT {COLUMNS} FROM (
        (SELECT * FROM ledger_transfer
         WHERE debit_id = :account AND (created_at, id) < (:moment, :id)
         ORDER BY created_at DESC, id DESC LIMIT :limit)
        UNION ALL
        (SELECT * FROM ledger_transfer
         WHERE credit_id = :account AND (created_at, id) < (:moment, :id)
         ORDER BY created_at DESC, id DESC LIMIT :limit)
    ) either ORDER BY created_at DESC, id DESC LIMIT :limit
""")  # noqa: S608 - the columns above
END_OF_TIME: Final = (datetime.max, UUID(int=2**128 - 1))  # noqa: DTZ901 - asyncpg's form of infinity


class TransferKind(StrEnum):
    PENDING = "PENDING"
    POSTED = "POSTED"
    POST = "POST"
    VOID = "VOID"


class Result(IntEnum):
    """What became of one transfer of a batch; the numbers are those of `ledger_post`.

    EXISTS is as good as CREATED: the same transfer had been made before. EXISTS_DIFFERENT is another one under the same id.
    """

    CREATED = 0
    EXISTS = 1
    EXISTS_DIFFERENT = 2
    UNKNOWN_PENDING = 3
    ALREADY_RESOLVED = 4
    UNKNOWN_ACCOUNT = 5
    DIFFERENT_CURRENCY = 6
    EXCEEDS_FLOOR = 7
    EXCEEDS_PENDING = 8

    @property
    def is_done(self) -> bool:
        """The transfer is in the ledger, by this call or an earlier one."""
        return self <= Result.EXISTS


_RESULTS: Final = tuple(Result)


class Transfer(Struct, frozen=True):
    """One transfer; its class methods make each kind. `reference` is what it is for, by the service's own id.

    Raises:
        ValueError: the amount is less than 1, or the accounts are the same.
    """

    id: UUID
    kind: TransferKind
    pending_id: UUID | None
    debit_id: UUID | None
    credit_id: UUID | None
    amount: int | None
    currency: str | None
    code: str | None
    reference: UUID | None

    def __post_init__(self) -> None:
        if self.amount is not None and self.amount < 1:
            raise ValueError(f"a transfer moves 1 or more, not {self.amount}")
        if self.debit_id is not None and self.debit_id == self.credit_id:
            raise ValueError(f"a transfer from {self.debit_id} to itself moves nothing")

    @classmethod
    def posted(
        cls,
        id_: UUID,
        *,
        debit: UUID,
        credit: UUID,
        amount: int,
        currency: str,
        code: str,
        reference: UUID | None = None,
    ) -> Self:
        """Move `amount` at once."""
        return cls(id_, TransferKind.POSTED, None, debit, credit, amount, currency, code, reference)

    @classmethod
    def pending(
        cls,
        id_: UUID,
        *,
        debit: UUID,
        credit: UUID,
        amount: int,
        currency: str,
        code: str,
        reference: UUID | None = None,
    ) -> Self:
        """Set `amount` aside until it is resolved."""
        return cls(id_, TransferKind.PENDING, None, debit, credit, amount, currency, code, reference)

    @classmethod
    def post(cls, id_: UUID, pending_id: UUID, *, code: str, amount: int | None = None) -> Self:
        """Take `amount`, or all, of what is pending, and let the rest go."""
        return cls(id_, TransferKind.POST, pending_id, None, None, amount, None, code, None)

    @classmethod
    def void(cls, id_: UUID, pending_id: UUID, *, code: str) -> Self:
        """Let go what is pending."""
        return cls(id_, TransferKind.VOID, pending_id, None, None, None, None, code, None)


class Recorded(Struct, frozen=True, kw_only=True):
    """A transfer as it stands in the ledger; that of a resolution names the accounts of what was pending."""

    id: UUID
    kind: TransferKind
    pending_id: UUID | None
    debit_id: UUID
    credit_id: UUID
    amount: int
    currency: str
    code: str
    reference: UUID | None
    created_at: datetime


async def create_transfers(transaction: Transaction, batch: Sequence[Transfer]) -> list[Result]:
    """Post `batch` as if one after the other; a result for each, in the same order.

    What is refused changes nothing, and the others are done all the same: who wants all or nothing looks at the results and
    lets the transaction fail.

    Raises:
        RetryableError: another transaction is writing a transfer with the same id.
    """
    results: list[Result] = []
    for part in _parts(batch):
        results += await _post(transaction, part)
    return results


async def lookup(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, Recorded]:
    """The transfers of those ids that exist."""
    rows = await transaction.execute(LOOKUP, {"ids": list(ids)})
    return {row.id: _recorded(row) for row in rows}


async def list_by_references(
    transaction: Transaction, references: Sequence[UUID]
) -> dict[UUID, list[Recorded]]:
    """All transfers that are for each of `references`, the oldest first."""
    found: dict[UUID, list[Recorded]] = {reference: [] for reference in references}
    for row in await transaction.execute(BY_REFERENCE, {"references": list(references)}):
        found[row.reference].append(_recorded(row))
    return found


async def list_transfers(
    transaction: Transaction, account_id: UUID, limit: int, before: Recorded | None = None
) -> list[Recorded]:
    """The newest `limit` transfers from or to the account, of those older than `before`."""
    moment, id_ = (before.created_at, before.id) if before else END_OF_TIME
    parameters = {"account": account_id, "moment": moment, "id": id_, "limit": limit}
    return [_recorded(row) for row in await transaction.execute(LIST, parameters)]


def _parts(batch: Sequence[Transfer]) -> Iterator[Sequence[Transfer]]:
    """Cut the batch before each transfer that speaks of one that is in the same part: the statement sees it as not there yet."""
    start, seen = 0, set[UUID | None]()
    for place, each in enumerate(batch):
        if each.id in seen or (each.pending_id is not None and each.pending_id in seen):
            yield batch[start:place]
            start, seen = place, set()
        seen.add(each.id)
        if each.pending_id is not None:
            seen.add(each.pending_id)
    if start < len(batch):
        yield batch[start:]


async def _post(transaction: Transaction, batch: Sequence[Transfer]) -> list[Result]:
    columns = zip(*map(astuple, batch), strict=True)
    parameters = dict(zip(_PARAMETERS, map(list, columns), strict=True))
    results = (await transaction.execute(POST, parameters)).scalar_one()
    return [_RESULTS[result] for result in results]


def _recorded(row: Any) -> Recorded:
    kept = row._asdict()
    return Recorded(**kept | {"kind": TransferKind(row.kind)})


_PARAMETERS: Final = (
    "ids",
    "kinds",
    "pendings",
    "debits",
    "credits",
    "amounts",
    "currencies",
    "codes",
    "references",
)
