"""Refusals of payments, with codes that stay the same."""

from common.errors import DomainError


class InvalidInputError(DomainError):
    """A value in the request that no state of the ledger could make sense of; `field` names it."""

    code = "INVALID_INPUT"
    status = 422

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}", field=field)
        self.field = field
