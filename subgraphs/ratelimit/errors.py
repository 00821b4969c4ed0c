"""What the limiter refuses, each with a code that stays the same."""

from common.errors import DomainError


class UnknownReservationError(DomainError):
    """No reservation has the id, or it ended an hour ago."""

    code = "UNKNOWN_RESERVATION"
    status = 404

    def __init__(self) -> None:
        super().__init__("There is no such reservation")


class ReservationEndedError(DomainError):
    """The reservation was settled with another cost, which `settled` tells, or its time was over."""

    code = "RESERVATION_ENDED"
    status = 409


class UnknownPolicyError(DomainError):
    """No policy, override or namespace has the id or name."""

    code = "NOT_FOUND"
    status = 404


class PoliciesUnavailableError(DomainError):
    """The policies were never read, since the database could not be reached."""

    code = "POLICIES_UNAVAILABLE"
    status = 503
