"""Deciding without Valkey: each policy by its fail mode."""

import time
from collections.abc import Callable, Sequence

from subgraphs.ratelimit.domain.matching import Limit
from subgraphs.ratelimit.domain.model import Decision, Mode, Model, Standing
from subgraphs.ratelimit.domain.policies import FailMode

_MOST_KEYS = 20_000
CLOSED_FOR = 1_000_000
"""Microseconds after which who was refused for want of Valkey may ask again."""

_REFUSED = Standing(0, CLOSED_FOR, CLOSED_FOR, 0)


def _microseconds() -> int:
    return time.time_ns() // 1_000


class Fallback:
    """CLOSED policies deny, OPEN ones admit, LOCAL ones count here, each by its limit's `nodes`-th part.

    What was counted here is kept from one outage to the next, so that many short ones grant no more than a long one.
    """

    def __init__(self, nodes: int, clock: Callable[[], int] = _microseconds) -> None:
        self._nodes = nodes
        self._clock = clock
        self._model = Model()

    def decide(self, limits: Sequence[Limit], cost: int) -> tuple[int, dict[str, Standing]]:
        """The place from 1 of the limit that denies, 0 if none does, and how each limit stands that was asked."""
        for place, limit in enumerate(limits, 1):
            if limit.policy.fail_mode is FailMode.CLOSED and not limit.policy.is_shadow:
                return place, {limit.key: _REFUSED}
        local = [
            limit
            for limit in limits
            if limit.policy.fail_mode is FailMode.LOCAL and not limit.policy.is_shadow
        ]
        if not local:
            return 0, {}
        return self._count(limits, local, cost)

    def _count(
        self, limits: Sequence[Limit], local: Sequence[Limit], cost: int
    ) -> tuple[int, dict[str, Standing]]:
        now = self._clock()
        unknown = next((limit for limit in local if not self._has_room_for(limit.key, now)), None)
        if unknown is not None:
            return limits.index(unknown) + 1, {unknown.key: _REFUSED}
        calls = [limit.rule.share(self._nodes).call(limit.key, cost, now=now) for limit in local]
        answer = self._model.decide(now, [Decision(Mode.CHECK, calls)])[0]
        standings = {call.key: standing for call, standing in zip(calls, answer.standings, strict=True)}
        place = limits.index(local[answer.verdict - 1]) + 1 if answer.verdict > 0 else 0
        return place, standings

    def _has_room_for(self, key: str, now: int) -> bool:
        """Whether the key is counted already or there is room: memory is bounded, whoever asks."""
        if key in self._model or len(self._model) < _MOST_KEYS:
            return True
        self._model.forget(now)
        return len(self._model) < _MOST_KEYS
