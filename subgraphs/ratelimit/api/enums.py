"""The domain's enumerations in the graph."""

import strawberry

from subgraphs.ratelimit.domain.calendar import CalendarUnit
from subgraphs.ratelimit.domain.policies import FailMode
from subgraphs.ratelimit.domain.rules import Algorithm

__all__ = ("Algorithm", "CalendarUnit", "FailMode")

strawberry.enum(
    Algorithm,
    name="RateLimitAlgorithm",
    description="How a limit counts; the README says what each promises.",
)
strawberry.enum(
    FailMode,
    name="RateLimitFailMode",
    description="What a policy does while Valkey does not answer: admit all, refuse all, or keep its share.",
)
strawberry.enum(CalendarUnit, name="RateLimitCalendarUnit", description="A window as people mean it.")
