"""What payments refuses, with codes that stay the same."""

from typing import ClassVar

from common.errors import DomainError


class NotPossibleError(DomainError):
    """The payment, or the account, does not allow it: more than is left, or a state that has ended."""

    code: ClassVar[str] = "NOT_POSSIBLE"
    status = 409


class UnknownPaymentError(DomainError):
    """There is no payment of that id."""

    code: ClassVar[str] = "UNKNOWN_PAYMENT"
    status = 404
