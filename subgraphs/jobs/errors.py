"""Refusals of jobs' own."""

from common.errors import DomainError


class UnknownKindError(DomainError):
    """No package that is installed here brings the kind, or it is not for everyone to ask for."""

    code = "UNKNOWN_KIND"
    status = 422

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no kind of job {kind!r} to be asked for", kind=kind)
