"""A policy tried on requests that are given."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias

import strawberry

from common.app.values import InvalidInput
from common.inputs import InvalidInputError
from subgraphs.ratelimit.api.inputs import AttributeInput, descriptor
from subgraphs.ratelimit.domain import simulation as domain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = 2_200  # so that windows around a moment are in the calendar, too
_MOST_DENIED = 20


@strawberry.input(
    name="RateLimitRequestInput", description="A check of such attributes, as it was or may be."
)
class RequestInput:
    at: datetime
    attributes: list[AttributeInput]
    cost: int = 1

    def request(self) -> domain.SimulatedRequest:
        """The request in the domain; a moment without a zone is UTC's. Raises InvalidInputError."""
        if not _EPOCH.year <= self.at.year < _END:
            raise InvalidInputError("at", f"must be from {_EPOCH.year} to {_END - 1}")
        at = self.at if self.at.tzinfo else self.at.replace(tzinfo=UTC)
        microseconds = (at - _EPOCH) // timedelta(microseconds=1)
        return domain.SimulatedRequest(microseconds, descriptor(self.attributes), self.cost)


@strawberry.type(name="RateLimitDenied", description="An identity that a simulated policy denied.")
class Denied:
    identity: str = strawberry.field(description="The values of the policy's attributes, joined by a slash.")
    times: int


@strawberry.type(name="RateLimitSimulation", description="What a policy would have done with some requests.")
class Simulation:
    allowed: int
    denied: int
    ignored: int = strawberry.field(description="Those that the policy does not apply to.")
    tokens: float = strawberry.field(description="What the allowed ones took; a whole number.")
    most_denied: list[Denied] = strawberry.field(description="Who was denied most often, 20 at most.")

    @classmethod
    def of(cls, simulation: domain.Simulation) -> "Simulation":
        most = simulation.denied.most_common(_MOST_DENIED)
        return cls(
            allowed=simulation.allowed,
            denied=simulation.denied.total(),
            ignored=simulation.ignored,
            tokens=simulation.tokens,
            most_denied=[Denied(identity=identity, times=times) for identity, times in most],
        )


SimulationResult: TypeAlias = Annotated[
    Simulation | InvalidInput, strawberry.union("RateLimitSimulationResult")
]
