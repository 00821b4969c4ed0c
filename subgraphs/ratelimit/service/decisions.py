"""Decisions, by the policies in memory; they never touch the database."""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from common.inputs import InvalidInputError
from subgraphs.ratelimit.domain.matching import Explanation, Limits
from subgraphs.ratelimit.domain.policies import Descriptor, check_cost
from subgraphs.ratelimit.engine.limiter import Limiter
from subgraphs.ratelimit.engine.outcome import Outcome
from subgraphs.ratelimit.engine.reservations import Reservations
from subgraphs.ratelimit.policies import Policies
from subgraphs.ratelimit.service.usage import Usage

MAX_RESERVATION = 3_600


class Reserved(Struct, frozen=True):
    """`id` settles the reservation; None when it was denied, and where no limit applies."""

    id: str | None
    outcome: Outcome


class RateLimits:
    """Decisions, by what the policies say now; `usage` counts them."""

    def __init__(
        self, policies: Policies, limiter: Limiter, reservations: Reservations, usage: Usage
    ) -> None:
        self._policies = policies
        self._limiter = limiter
        self._reservations = reservations
        self._usage = usage

    async def check(self, namespace: str, descriptor: Descriptor, cost: int) -> Outcome:
        """Take `cost` tokens of all limits that apply, or of none.

        Raises:
            InvalidInputError, PoliciesUnavailableError; so do all others.
        """
        return await self._check(self._policies.current.limits(namespace, descriptor), check_cost(cost))

    async def check_many(self, checks: Sequence[tuple[str, Descriptor, int]]) -> list[Outcome]:
        """Each of (namespace, descriptor, cost) by itself, all at once; none if one of them cannot be asked."""
        policies = self._policies.current
        asked = [(policies.limits(name, of), check_cost(cost)) for name, of, cost in checks]
        return await asyncio.gather(*(self._check(limits, cost) for limits, cost in asked))

    async def check_together(
        self, namespace: str, descriptors: Sequence[Descriptor], cost: int
    ) -> tuple[Outcome, list[Limits]]:
        """`cost` tokens of all limits that apply to any of the descriptors, or of none; and the limits of each."""
        policies = self._policies.current
        apart = [policies.limits(namespace, descriptor) for descriptor in descriptors]
        together = {limit.key: limit for limits in apart for limit in limits.each}
        return await self._check(Limits(list(together.values())), check_cost(cost)), apart

    def explain(self, namespace: str, descriptor: Descriptor) -> list[Explanation]:
        """Each policy of the namespace, and why it applies to such a request or not, as this process knows them now."""
        return self._policies.current.explain(namespace, descriptor)

    async def peek(self, namespace: str, descriptor: Descriptor, cost: int) -> Outcome:
        """What `check` would say. Raises OverloadedError without Valkey; so do those below."""
        limits = self._policies.current.limits(namespace, descriptor)
        return await self._limiter.peek(limits, check_cost(cost))

    async def refund(self, namespace: str, descriptor: Descriptor, cost: int) -> Outcome:
        """Give back what a check took and was not used."""
        limits = self._policies.current.limits(namespace, descriptor)
        return await self._limiter.refund(limits, check_cost(cost))

    async def reset(self, namespace: str, descriptor: Descriptor) -> Outcome:
        """Forget what was taken by all limits that apply."""
        return await self._limiter.reset(self._policies.current.limits(namespace, descriptor))

    async def reserve(self, namespace: str, descriptor: Descriptor, cost: int, ttl: int) -> Reserved:
        """Hold `cost` tokens for `ttl` seconds."""
        if not 1 <= ttl <= MAX_RESERVATION:
            raise InvalidInputError("ttl", f"must be 1 to {MAX_RESERVATION} seconds")
        limits = self._policies.current.limits(namespace, descriptor)
        id_, outcome = await self._reservations.reserve(namespace, limits, check_cost(cost), ttl)
        self._usage.count(limits, outcome, cost)
        return Reserved(id_, outcome)

    async def commit(self, reservation: str, cost: int) -> int:
        """Take of what was reserved what it did cost.

        Raises:
            UnknownReservationError, ReservationEndedError
        """
        return await self._reservations.settle(reservation, check_cost(cost))

    async def cancel(self, reservation: str) -> None:
        """Give back all that was reserved. Raises as `commit` does."""
        await self._reservations.settle(reservation, 0)

    async def _check(self, limits: Limits, cost: int) -> Outcome:
        outcome = await self._limiter.check(limits, cost)
        self._usage.count(limits, outcome, cost)
        return outcome
