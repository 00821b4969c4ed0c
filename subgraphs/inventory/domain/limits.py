"""Limits: how many pieces of a SKU one person may have."""

from msgspec import Struct

from common.inputs import InvalidInputError

MAX_PIECES = 1_000
MAX_SECONDS = 366 * 24 * 3600


class PurchaseLimit(Struct, frozen=True):
    """A person may have `pieces` at most in reservations that are open, and in those sold of the last `seconds`."""

    pieces: int
    seconds: int


class LimitReached(Struct, frozen=True, tag=True):
    """The person may reserve only `left` more of a SKU, which is limited to so many pieces."""

    sku: str
    pieces: int
    left: int


def check_limit(limit: PurchaseLimit) -> PurchaseLimit:
    """Return `limit`. Raises InvalidInputError."""
    if not 1 <= limit.pieces <= MAX_PIECES:
        raise InvalidInputError("pieces", f"must be between 1 and {MAX_PIECES}, not {limit.pieces}")
    if not 0 <= limit.seconds <= MAX_SECONDS:
        raise InvalidInputError("seconds", f"must be between 0 and {MAX_SECONDS}, not {limit.seconds}")
    return limit
