"""The limiter: what is known to be denied at once, all else by Valkey, and without it by the policies' fail modes."""

from common.valkey import ValkeyUnavailableError
from subgraphs.ratelimit.domain.matching import Limit, Limits
from subgraphs.ratelimit.domain.model import Answer, Decision, Mode
from subgraphs.ratelimit.engine.denials import Denials
from subgraphs.ratelimit.engine.fallback import Fallback
from subgraphs.ratelimit.engine.leases import Leases
from subgraphs.ratelimit.engine.outcome import UNLIMITED, Outcome, answered, concluded
from subgraphs.ratelimit.engine.valkey import ValkeyEngine, required


class Limiter:
    """Decides over limits, all or nothing: a decision that one of them denies takes nothing from the others."""

    def __init__(self, engine: ValkeyEngine, fallback: Fallback, denials: Denials, leases: Leases) -> None:
        self._engine = engine
        self._leases = leases
        self._fallback = fallback
        self._denials = denials

    async def check(self, limits: Limits, cost: int) -> Outcome:
        """Take `cost` tokens of each limit if all have them. Without Valkey the fail modes decide.

        Who stops waiting for the outcome may have been charged: the decision is made once, whoever listens.
        """
        if not limits.each:
            return UNLIMITED
        known = self._denials.find(limits.each, cost)
        if known is not None:
            place, standing = known
            return concluded(limits, place, {limits.each[place - 1].key: standing})
        since = self._denials.clock()
        try:
            place, outcome = await (self._spend(limits, cost) if limits.leased else self._check(limits, cost))
        except ValkeyUnavailableError:
            place, standings = self._fallback.decide(limits.each, cost)
            return concluded(limits, place, standings, is_degraded=True)
        if outcome.denied_by is not None:
            self._denials.remember(outcome.denied_by.key, cost, outcome.standings[place], since)
        return outcome

    async def _check(self, limits: Limits, cost: int) -> tuple[int, Outcome]:
        answer = await self._decide(limits, cost, Mode.CHECK)
        return answer.verdict - 1, answered(limits, answer)

    async def _spend(self, limits: Limits, cost: int) -> tuple[int, Outcome]:
        """Leased limits first, which cost nothing to undo; then the others by Valkey, in whose outcome alone they stand."""
        spent: list[Limit] = []
        try:
            for limit in limits.leased:
                denied = await self._leases.spend(limit, cost)
                if denied is not None:
                    return 0, Outcome([limit], [denied], limit, denied.wait)
                spent.append(limit)
            if not limits.others.each:
                spent.clear()
                return -1, UNLIMITED
            place, outcome = await self._check(limits.others, cost)
            if outcome.is_allowed:
                spent.clear()
            return place, outcome
        finally:
            for limit in spent:
                self._leases.unspend(limit, cost)

    async def peek(self, limits: Limits, cost: int) -> Outcome:
        """What `check` would say now, taking nothing.

        Raises:
            OverloadedError: Valkey does not answer; as for those below.
        """
        return await self._surely(limits, cost, Mode.PEEK)

    async def refund(self, limits: Limits, cost: int) -> Outcome:
        """Give tokens back, never more than were taken."""
        self._denials.forget([limit.key for limit in limits.each])
        return await self._surely(limits, cost, Mode.REFUND)

    async def reset(self, limits: Limits) -> Outcome:
        """Forget all that was taken and is held."""
        self._denials.forget([limit.key for limit in limits.each])
        return await self._surely(limits, 1, Mode.RESET)

    def policies_changed(self) -> None:
        """Forget what was concluded from policies that are no more."""
        self._denials.clear()
        self._leases.clear()

    async def _surely(self, limits: Limits, cost: int, mode: Mode) -> Outcome:
        if not limits.each:
            return UNLIMITED
        with required():
            return answered(limits, await self._decide(limits, cost, mode))

    async def _decide(self, limits: Limits, cost: int, mode: Mode) -> Answer:
        return await self._engine.decide(lambda now: Decision(mode, limits.calls(cost, now)))
