"""Stock from files and to files: a batch of rows a transaction, which also says how far the file is.

So a file that is sent again goes on where it was, and one that is done changes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID

import msgspec

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import check_idempotency_key
from subgraphs.inventory.domain.catalogue import Variant
from subgraphs.inventory.domain.importing import (
    MAX_ROWS,
    FileChanged,
    ImportProblem,
    ImportReport,
    Row,
    RowProblem,
    chain,
    read_header,
    read_row,
)
from subgraphs.inventory.domain.stock import MAX_PIECES, Movement, Place, Reason, StockLevel
from subgraphs.inventory.service.moving import Levels, correction
from subgraphs.inventory.store import bundles, catalogue, stock, warehouses
from subgraphs.inventory.store import imports as store

BATCH = 200
PAGE = 1_000
EXPORTED = ("available", "held", "committed", "unavailable", "in_transit", "incoming")


class _Batch:
    """Rows that go together: no place twice, so that each is compared with what the file found."""

    def __init__(self, first: int, digest: bytes) -> None:
        self.first, self.last, self.digest = first, first - 1, digest
        self.rows: list[Row] = []
        self.problems: list[RowProblem] = []
        self._places: set[tuple[str, str]] = set()

    def takes(self, row: Row | RowProblem) -> bool:
        is_twice = isinstance(row, Row) and (row.sku, row.warehouse) in self._places
        return self.last - self.first + 1 < BATCH and not is_twice

    def add(self, row: Row | RowProblem, digest: bytes) -> None:
        self.last, self.digest = self.last + 1, digest
        if isinstance(row, RowProblem):
            self.problems.append(row)
        else:
            self.rows.append(row)
            self._places.add((row.sku, row.warehouse))


class Imports:
    """Files by an id that the sender chooses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self, file_id: str, lines: AsyncIterator[str]) -> ImportReport:
        """Set what is available row by row; what is wrong with one does not hold up the others.

        Raises:
            InvalidInputError: the id cannot be one.
            ImportProblem: the file has no header that names the columns, or too many rows.
            FileChanged: another file was begun under the id.
        """
        check_idempotency_key(file_id)
        header_line = await anext(lines, "")
        header, digest = read_header(header_line), chain(b"", header_line)
        async with self._database.transaction() as transaction:
            await store.begin(transaction, file_id, digest)
            done = await store.lock(transaction, file_id)
        _check_same(done, 0, digest)
        number, batch = 0, _Batch(1, digest)
        async for line in lines:
            number, digest = number + 1, chain(digest, line)
            _check_same(done, number, digest)
            if number > MAX_ROWS:
                raise ImportProblem(f"A file may have {MAX_ROWS} rows")
            if number <= done.rows:
                batch = _Batch(number + 1, digest)
                continue
            row = read_row(number, line, header)
            if not batch.takes(row):
                await self._apply(file_id, batch)
                batch = _Batch(number, batch.digest)
            batch.add(row, digest)
        if number < done.rows:
            raise FileChanged("Under this id a longer file was begun")
        await self._apply(file_id, batch)
        return await self._complete(file_id)

    async def find(self, file_id: str) -> ImportReport | None:
        """How far a file is; None when it was never begun."""
        async with self._database.autocommit() as transaction:
            return await _report(transaction, file_id) if file_id.isprintable() else None

    async def export(self) -> AsyncIterator[Sequence[object]]:
        """All places with their SKU, warehouse and buckets; each page is a statement of its own."""
        after = (UUID(int=0), "")
        yield ("sku", "warehouse", *EXPORTED)
        while True:
            async with self._database.autocommit() as transaction:
                page = await store.export_page(transaction, after, PAGE)
            for row in page:
                yield (row.sku, row.warehouse_id, *(getattr(row, name) for name in EXPORTED))
            if len(page) < PAGE:
                return
            after = (page[-1].variant_id, page[-1].warehouse_id)

    async def _apply(self, file_id: str, batch: _Batch) -> None:
        if batch.last < batch.first:
            return
        async with self._database.transaction() as transaction:
            done = await store.lock(transaction, file_id)
            if done.rows != batch.first - 1:
                raise FileChanged("The file is being imported by another request")
            applied, problems = await _set_all(transaction, batch.rows)
            failpoint("stock.import.before_progress")
            await store.go_on(
                transaction,
                file_id,
                rows=batch.last,
                applied=applied,
                digest=batch.digest,
                problems=[*batch.problems, *problems],
            )

    async def _complete(self, file_id: str) -> ImportReport:
        async with self._database.transaction() as transaction:
            await store.complete(transaction, file_id)
            report = await _report(transaction, file_id)
        assert report is not None, "it was begun"
        return report


def _check_same(done: store.Progress, number: int, digest: bytes) -> None:
    """Raise FileChanged when up to where the file is done it is another."""
    if number == done.rows and digest != done.digest:
        raise FileChanged("Under this id another file was begun")
    if number > done.rows and done.is_complete:
        raise FileChanged("Under this id a shorter file was imported")


async def _set_all(transaction: Transaction, rows: Sequence[Row]) -> tuple[int, list[RowProblem]]:
    """Set what is available where it can be; how many rows that was, and what was wrong with the others."""
    variants = await catalogue.find_variants(transaction, [row.sku for row in rows])
    known = await warehouses.find_warehouses(transaction, [row.warehouse for row in rows])
    made_of = await bundles.find_parts(transaction, [variant.id for variant in variants.values()])
    problems: list[RowProblem] = []
    fitting: list[tuple[Row, Variant]] = []
    for row in rows:
        variant = variants.get(row.sku)
        if variant is None or row.warehouse not in known or variant.id in made_of:
            problems.append(RowProblem(row.number, "names no SKU with pieces of its own, or no warehouse"))
        else:
            fitting.append((row, variant))
    if not fitting:
        return 0, problems
    places = [Place.of(variant.id, row.warehouse) for row, variant in fitting]
    await stock.add_levels(transaction, places)
    await stock.lock_variants(transaction, [place.variant_id for place in places])
    counted = await stock.count_pieces(transaction, [place.variant_id for place in places])
    house = _House(await stock.read_counts_at(transaction, places), counted)
    movements: list[Movement] = []
    for row, variant in fitting:
        outcome = house.set(row, variant.id)
        if isinstance(outcome, RowProblem):
            problems.append(outcome)
        else:
            movements += outcome
    if movements:
        await stock.record(transaction, movements)
    return len(rows) - len(problems), problems


class _House:
    """What the places of the variants have, and how many pieces of each there come to be."""

    def __init__(self, levels: Levels, pieces: Mapping[UUID, int]) -> None:
        self._places: defaultdict[tuple[UUID, str], list[tuple[Place, StockLevel]]] = defaultdict(list)
        for place, level in levels:
            self._places[place.variant_id, place.warehouse].append((place, level))
        self._pieces = Counter(pieces)

    def set(self, row: Row, variant_id: UUID) -> list[Movement] | RowProblem:
        own = self._places[variant_id, row.warehouse]
        available = sum(level.available for _, level in own)
        if row.compare is not None and row.compare != available:
            return RowProblem(row.number, f"was compared with {row.compare} and {available} are available")
        more = row.quantity - available
        if more > 0 and self._pieces[variant_id] + more > MAX_PIECES:
            return RowProblem(row.number, f"would make more than {MAX_PIECES} pieces")
        self._pieces[variant_id] += more
        return correction(own, more, Reason.ADJUSTED) or []


async def _report(transaction: Transaction, file_id: str) -> ImportReport | None:
    row = await store.report(transaction, file_id)
    if row is None:
        return None
    problems = [RowProblem(*msgspec.json.decode(each)) for each in row.problems]
    return ImportReport(file_id, row.rows, row.applied, row.completed_at is not None, problems)
