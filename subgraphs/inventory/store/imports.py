"""How far files are imported, and all stock in pages."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as SqlRow
from sqlalchemy import text

from common.database import Transaction
from subgraphs.inventory.domain.importing import MAX_SHOWN, RowProblem

BEGIN: Final = text("""
    INSERT INTO import_file (id, digest) VALUES (:file_id, :digest) ON CONFLICT (id) DO NOTHING
""")
LOCK: Final = text("SELECT rows, digest, completed_at FROM import_file WHERE id = :file_id FOR UPDATE")
GO_ON: Final = text("""
    UPDATE import_file SET rows = :rows, applied = applied + :applied, digest = :digest WHERE id = :file_id
""")
COMPLETE: Final = text(
    "UPDATE import_file SET completed_at = coalesce(completed_at, now()) WHERE id = :file_id"
)
ADD_PROBLEMS: Final = text("""
    INSERT INTO import_error (file_id, row, problem)
    SELECT :file_id, problem.* FROM unnest(CAST(:rows AS integer[]), CAST(:problems AS text[])) AS problem
""")
REPORT: Final = text("""
    SELECT rows, applied, completed_at, ARRAY(
        SELECT json_build_array(row, problem)::text FROM import_error WHERE file_id = :file_id
        ORDER BY row LIMIT :limit
    ) AS problems
    FROM import_file WHERE id = :file_id
""")
EXPORT: Final = text("""
    SELECT sku, warehouse_id, variant_id,
           sum(available)::int AS available, sum(held)::int AS held, sum(committed)::int AS committed,
           sum(unavailable)::int AS unavailable, sum(in_transit)::int AS in_transit, sum(incoming)::int AS incoming
    FROM level JOIN variant ON variant.id = variant_id
    WHERE (variant_id, warehouse_id) > (CAST(:variant_id AS uuid), CAST(:warehouse AS text))
    GROUP BY variant_id, warehouse_id, sku ORDER BY variant_id, warehouse_id LIMIT :limit
""")


class Progress:
    """How far a file is: `rows` are done, and `digest` is that of the file so far."""

    def __init__(self, row: SqlRow[Any]) -> None:
        self.rows: int = row.rows
        self.digest: bytes = row.digest
        self.is_complete = row.completed_at is not None


async def begin(transaction: Transaction, file_id: str, digest: bytes) -> None:
    """Remember the file, if it was never begun; `digest` is that of its header."""
    await transaction.execute(BEGIN, {"file_id": file_id, "digest": digest})


async def lock(transaction: Transaction, file_id: str) -> Progress:
    """How far the file is; nobody else goes on with it before the transaction ends."""
    return Progress((await transaction.execute(LOCK, {"file_id": file_id})).one())


async def go_on(
    transaction: Transaction,
    file_id: str,
    *,
    rows: int,
    applied: int,
    digest: bytes,
    problems: Sequence[RowProblem],
) -> None:
    """So many rows are done by now, so many more were applied, and these have problems."""
    progress = {"file_id": file_id, "rows": rows, "applied": applied, "digest": digest}
    await transaction.execute(GO_ON, progress)
    columns = {"rows": [each.row for each in problems], "problems": [each.problem for each in problems]}
    await transaction.execute(ADD_PROBLEMS, {"file_id": file_id, **columns})


async def complete(transaction: Transaction, file_id: str) -> None:
    await transaction.execute(COMPLETE, {"file_id": file_id})


async def report(transaction: Transaction, file_id: str) -> SqlRow[Any] | None:
    return (await transaction.execute(REPORT, {"file_id": file_id, "limit": MAX_SHOWN})).one_or_none()


async def export_page(transaction: Transaction, after: tuple[UUID, str], limit: int) -> Sequence[SqlRow[Any]]:
    """Up to `limit` places behind `after`, by variant and warehouse."""
    variant_id, warehouse = after
    page = {"variant_id": variant_id, "warehouse": warehouse, "limit": limit}
    return (await transaction.execute(EXPORT, page)).all()
