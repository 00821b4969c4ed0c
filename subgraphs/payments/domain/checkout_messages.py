"""What a checkout is told, by inventory, by the provider's answers, by the clock; and what it asks to be done."""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from subgraphs.payments.domain.attempts import Operation
from subgraphs.payments.domain.money import Money


class StockPaying(Struct, frozen=True):
    """Inventory keeps the pieces for this checkout until `expires_at`."""

    amount: Money
    expires_at: datetime


class StockRefused(Struct, frozen=True):
    """Inventory cannot do what it was asked for; `reason` is its own."""

    reason: str | None


class StockCommitted(Struct, frozen=True):
    """The pieces are sold."""


class StockReleased(Struct, frozen=True):
    """The pieces are on offer again, or were never kept."""


class Answered(Struct, frozen=True):
    """The provider has done it, or has declined with `code`."""

    operation: Operation
    code: str | None = None


class ActionNeeded(Struct, frozen=True):
    """The payer must act at `url` before the provider decides."""

    url: str


class Shipped(Struct, frozen=True):
    """The goods are on their way."""


class DeadlinePassed(Struct, frozen=True):
    """The database's clock says that the checkout's deadline is over."""


Message: TypeAlias = (
    StockPaying
    | StockRefused
    | StockCommitted
    | StockReleased
    | Answered
    | ActionNeeded
    | Shipped
    | DeadlinePassed
)


class TellStarted(Struct, frozen=True):
    """Inventory is to keep the pieces until `expires_at`."""

    expires_at: datetime


class Authorise(Struct, frozen=True):
    """Begin the payment: set the amount aside."""

    amount: Money


class TellAuthorised(Struct, frozen=True):
    """Inventory is to sell the pieces."""


class TellFailed(Struct, frozen=True):
    """Inventory is to put the pieces back."""

    reason: str


class Capture(Struct, frozen=True):
    """Take the money."""


class Void(Struct, frozen=True):
    """Let the money go."""


class Ship(Struct, frozen=True):
    """Ask for the job that ships."""


Command: TypeAlias = TellStarted | Authorise | TellAuthorised | TellFailed | Capture | Void | Ship
