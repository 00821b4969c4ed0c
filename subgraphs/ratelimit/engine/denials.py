"""Denials that are remembered: until there can be room again, asking anew would only get the same answer."""

import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from subgraphs.ratelimit.domain.matching import Limit
from subgraphs.ratelimit.domain.model import Standing

LONGEST = 1.0
"""Seconds after which Valkey is asked again anyway: another process may have given tokens back or reset the key."""

_REMEMBERED = 65_536


class Denial(Struct, frozen=True):
    """A limit denied `cost`; the standing is that of the moment `since`."""

    cost: int
    standing: Standing
    since: float
    until: float


class Denials:
    """By key. It denies nothing that Valkey would admit, but for what is given back within `LONGEST`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._denials: dict[str, Denial] = {}

    def find(self, limits: Sequence[Limit], cost: int) -> tuple[int, Standing] | None:
        """The place from 1 of a limit that is known to deny, and how it stands now."""
        if not self._denials:
            return None
        now = self.clock()
        for place, limit in enumerate(limits, 1):
            denial = self._denials.get(limit.key)
            if denial is not None and cost >= denial.cost and not limit.policy.is_shadow:
                if now < denial.until:
                    return place, _aged(denial.standing, int((now - denial.since) * 1_000_000))
                del self._denials[limit.key]
        return None

    def remember(self, key: str, cost: int, standing: Standing, since: float) -> None:
        """Remember a denial that was asked for at `since`, the clock's time before Valkey's own."""
        if standing.wait <= 0 or standing.held:  # what is held may be let go at any time
            return
        if len(self._denials) >= _REMEMBERED:
            self._denials.clear()
        until = since + min(standing.wait / 1_000_000, LONGEST)
        known = self._denials.get(key)
        if known is None or until > known.until or cost < known.cost:
            self._denials[key] = Denial(cost, standing, since, until)

    def forget(self, keys: Sequence[str]) -> None:
        """Ask Valkey about these keys again."""
        for key in keys:
            self._denials.pop(key, None)

    def clear(self) -> None:
        self._denials.clear()


def _aged(standing: Standing, age: int) -> Standing:
    reset, wait = max(0, standing.reset - age), max(1, standing.wait - age)
    return Standing(standing.remaining, reset, wait, standing.held)
