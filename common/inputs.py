"""What every service checks of its callers' input in the same way; each check's refusal names the field."""

from uuid import UUID

from common.errors import DomainError

MAX_PAGE = 100
MAX_IDEMPOTENCY_KEY = 200


class InvalidInputError(DomainError):
    """A value in the request that no state of the service could make sense of; `field` names it."""

    code = "INVALID_INPUT"
    status = 422

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}", field=field)
        self.field = field


def check_page(first: int) -> int:
    """Return `first`, or raise InvalidInputError unless a page of that many rows may be asked for."""
    if not 1 <= first <= MAX_PAGE:
        raise InvalidInputError("first", f"must be between 1 and {MAX_PAGE}, not {first}")
    return first


def check_idempotency_key(key: str) -> str:
    """Return `key`, or raise InvalidInputError unless it is a short line of printable text."""
    if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY or not key.isprintable():
        raise InvalidInputError("idempotencyKey", f"must be 1 to {MAX_IDEMPOTENCY_KEY} printable characters")
    return key


def parse_id(text: str) -> UUID | None:
    """Return the id, or None for what cannot be one: it names nothing, which is no error."""
    try:
        return UUID(text)
    except ValueError:
        return None
