"""What the control plane refuses, each with a code that stays the same."""

from typing import ClassVar

from common.errors import DomainError


class TenantNotFoundError(DomainError):
    """There is no such tenant, or none that the caller is a member of: for others it does not exist."""

    code = "TENANT_NOT_FOUND"
    status = 404

    def __init__(self) -> None:
        super().__init__("You are a member of no such tenant")


class NotFoundError(DomainError):
    """Something of the tenant that does not exist; `what` is it."""

    code = "NOT_FOUND"
    status = 404

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what}")


class ConflictError(DomainError):
    """What was asked for cannot be as things stand."""

    code: ClassVar[str] = "CONFLICT"
    status = 409


class SlugTakenError(ConflictError):
    """Another tenant has the name in addresses."""

    code = "SLUG_TAKEN"


class LastOwnerError(ConflictError):
    """A tenant would have no owner."""

    code = "LAST_OWNER"


class PlanLimitError(ConflictError):
    """The tenant's plan does not allow so many; `limit` is how many it does."""

    code = "PLAN_LIMIT"


class DomainNotProvedError(ConflictError):
    """DNS does not say that the host is the tenant's."""

    code = "DOMAIN_NOT_PROVED"


class DomainTakenError(ConflictError):
    """Another tenant has the host, and proves it still."""

    code = "DOMAIN_TAKEN"


class KeyEndedError(ConflictError):
    """The key was revoked, or has expired."""

    code = "KEY_ENDED"


class CurrencyError(ConflictError):
    """The tenant is billed in another currency, for good."""

    code = "CURRENCY"


class ConsumerRemovedError(ConflictError):
    """The consumer was removed, and gets no keys."""

    code = "CONSUMER_REMOVED"
