"""The test payment methods: what each makes the provider do.

Those with a name of Stripe's behave as Stripe's do. The others make trouble, each at one operation and, but for NEVER,
the first time only: `pm_card_capture_timesOut` captures, and does not say so.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct


class Operation(StrEnum):
    AUTHORISE = "authorise"
    CAPTURE = "capture"
    CANCEL = "cancel"
    REFUND = "refund"


class Fault(StrEnum):
    """TIMES_OUT has the effect and gives no answer, LATE answers after some seconds, ERROR has it and answers 500.

    LOST is a request that never arrived; NEVER is LOST each time.
    """

    TIMES_OUT = "timesOut"
    LATE = "late"
    ERROR = "error"
    LOST = "lost"
    NEVER = "never"


class Method(Struct, frozen=True, kw_only=True):
    """`decline` is the code of the refusal, `is_challenged` asks for 3-D Secure, `is_repeated` sends webhooks twice."""

    decline: str | None = None
    is_challenged: bool = False
    is_repeated: bool = False
    operation: Operation | None = None
    fault: Fault | None = None

    def fault_at(self, operation: Operation) -> Fault | None:
        return self.fault if operation is self.operation else None


METHODS: Final = {
    "pm_card_visa": Method(),
    "pm_card_mastercard": Method(),
    "pm_card_visa_chargeDeclined": Method(decline="generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": Method(decline="insufficient_funds"),
    "pm_card_visa_chargeDeclinedLostCard": Method(decline="lost_card"),
    "pm_card_chargeDeclinedExpiredCard": Method(decline="expired_card"),
    "pm_card_threeDSecure2Required": Method(is_challenged=True),
    "pm_card_webhooks_twice": Method(is_repeated=True),
    **{
        f"pm_card_{operation}_{fault}": Method(operation=operation, fault=fault)
        for operation in Operation
        for fault in Fault
    },
}
