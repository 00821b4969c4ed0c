"""Files with stock, a row for each place: how a row is read, and what a file has come to."""

import csv
import hashlib
from collections.abc import Mapping, Sequence

from msgspec import Struct

from common.errors import DomainError
from common.inputs import InvalidInputError
from subgraphs.inventory.domain.catalogue import MAX_SKU, check_text
from subgraphs.inventory.domain.stock import MAX_PIECES
from subgraphs.inventory.domain.warehousing import check_pieces, check_warehouse_id

COLUMNS = ("sku", "warehouse", "quantity", "compare_quantity")
MAX_LINE = 4096
MAX_ROWS = 1_000_000
MAX_SHOWN = 1_000
"""Problems that a report shows."""


class ImportProblem(DomainError):  # noqa: N818 - it is no defect of the service
    """The file cannot be imported as it is."""

    code = "INVALID_FILE"
    status = 422


class FileChanged(DomainError):  # noqa: N818 - as above
    """Under this id another file was begun."""

    code = "IDEMPOTENCY_KEY_REUSED"
    status = 409


class Row(Struct, frozen=True):
    """So many pieces are available at a place, if `compare` were believed to be or nothing is said of that."""

    number: int
    sku: str
    warehouse: str
    quantity: int
    compare: int | None


class RowProblem(Struct, frozen=True):
    """What is wrong with a row; the first behind the header is 1."""

    row: int
    problem: str


class ImportReport(Struct, frozen=True):
    """How far a file is imported. `problems` are those of the first rows that have one."""

    file_id: str
    rows: int
    applied: int
    is_complete: bool
    problems: Sequence[RowProblem]


def read_header(line: str) -> Mapping[str, int]:
    """The place of each column. Raises ImportProblem."""
    names = [name.strip().lower() for name in _split(line.removeprefix("\ufeff"))]
    if set(names) - set(COLUMNS) or len(set(names)) < len(names) or not set(COLUMNS[:3]) <= set(names):
        raise ImportProblem(f"The first line must name {', '.join(COLUMNS)}; only the last may be left out")
    return {name: place for place, name in enumerate(names)}


def read_row(number: int, line: str, header: Mapping[str, int]) -> Row | RowProblem:
    """The row, or what is wrong with it."""
    try:
        fields = _split(line)
        if len(fields) != len(header):
            return RowProblem(number, f"has {len(fields)} fields and not {len(header)}")
        named = {name: fields[place].strip() for name, place in header.items()}
        compare = named.get("compare_quantity", "")
        return Row(
            number,
            check_text("sku", named["sku"], MAX_SKU),
            check_warehouse_id("warehouse", named["warehouse"]),
            check_pieces("quantity", _integer("quantity", named["quantity"])),
            _integer("compare_quantity", compare) if compare else None,
        )
    except InvalidInputError as refusal:
        return RowProblem(number, refusal.message)


def chain(digest: bytes, line: str) -> bytes:
    """The digest of a file up to and with `line`, from that of what stands before."""
    return hashlib.sha256(digest + line.encode()).digest()


def _split(line: str) -> list[str]:
    if len(line) > MAX_LINE or "\0" in line:
        raise InvalidInputError("line", f"must be at most {MAX_LINE} characters of text")
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise InvalidInputError("line", f"is not CSV: {error}") from None


def _integer(field: str, text: str) -> int:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(MAX_PIECES)):
        raise InvalidInputError(field, "must be a whole number of pieces")
    return int(text)
