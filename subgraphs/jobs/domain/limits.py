"""How many jobs with one key run at once, and how many start a second."""

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.jobs.domain.names import check_name


class Limit(Struct, frozen=True, kw_only=True):
    """How many jobs of one limit key run at once, and how many start a second; `burst` may start at once."""

    key: str
    max_running: int | None
    rate: float | None
    burst: int


def check_limit(limit: Limit) -> Limit:
    """Return `limit`, or raise InvalidInputError unless it limits something and nothing to zero."""
    check_name("key", limit.key)
    if limit.max_running is None and limit.rate is None:
        raise InvalidInputError("maxRunning", "or rate must be given")
    if limit.max_running is not None and not 1 <= limit.max_running <= 1_000_000:
        raise InvalidInputError("maxRunning", "must be between 1 and 1000000")
    if limit.rate is not None and not 0.0001 <= limit.rate <= 1_000_000:
        raise InvalidInputError("rate", "must be between 0.0001 and 1000000 a second")
    if not 1 <= limit.burst <= 1_000_000:
        raise InvalidInputError("burst", "must be between 1 and 1000000")
    return limit
