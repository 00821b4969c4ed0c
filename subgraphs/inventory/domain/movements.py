"""What is to be seen of movements: the history of a variant's pieces, in pages."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.inventory.domain.stock import Bucket, Reason

NEWEST = 2**63 - 1
"""Behind it come all movements."""


class RecordedMovement(Struct, frozen=True, kw_only=True):
    """Pieces that went from a bucket of one warehouse to one of the same or another; `reference` is what they went for."""

    id: int
    quantity: int
    source: Bucket
    source_warehouse: str
    target: Bucket
    target_warehouse: str
    reason: Reason
    reference: UUID | None
    at: datetime


class MovementPage(Struct, frozen=True):
    """Movements, the newest first; behind `end` there may be others if `has_next`."""

    movements: Sequence[RecordedMovement]
    end: int | None
    has_next: bool


def parse_cursor(cursor: str | None) -> int:
    """The movement that a page is behind. Raises InvalidInputError for what is no cursor."""
    if cursor is None:
        return NEWEST
    if not (cursor.isascii() and cursor.isdecimal() and int(cursor[:20]) <= NEWEST):
        raise InvalidInputError("after", "must be the cursor of a page")
    return int(cursor)
