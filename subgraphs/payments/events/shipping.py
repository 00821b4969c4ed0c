"""What the job that ships tells the checkout that asked for it."""

from typing import ClassVar
from uuid import UUID

from common.events import Event


class OrderShipped(Event, frozen=True, kw_only=True):
    """The goods that the checkout has paid for are on their way."""

    subject: ClassVar[str] = "payments.order.shipped"
    aggregate: ClassVar[str] = "checkout_id"

    checkout_id: UUID
