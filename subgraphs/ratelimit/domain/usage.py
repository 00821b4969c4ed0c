"""What is counted of decisions: how many each policy admitted and denied in a minute, who took the most, and a sample of denials."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from common.ids import new_id
from subgraphs.ratelimit.domain.heavy_hitters import HeavyHitters
from subgraphs.ratelimit.domain.matching import Limit
from subgraphs.ratelimit.domain.policies import Policy

MINUTE, HOUR = 60, 3_600
MAX_SAMPLE = 100
_TRACKED = 1_000
TOP = 50
"""So many consumers of a policy each process tells of."""
_MOST_MINUTES = 60
"""So many are kept while they cannot be written down; then the oldest are lost."""


class Count(Struct):
    """Decisions, and the tokens of those that were admitted. `written` is what of them was told last."""

    allowed: int = 0
    denied: int = 0
    shadow_denied: int = 0
    tokens: int = 0
    written: int = 0

    @property
    def decisions(self) -> int:
        return self.allowed + self.denied + self.shadow_denied


class Denial(Struct):
    """Decisions about one identity that a limit denied, `times` of them within a moment; the first one's `wait` in microseconds."""

    id: UUID
    policy_id: UUID
    namespace: str
    at: datetime
    identity: str
    cost: int
    wait: int
    times: int = 0


class Tally:
    """What one process has counted. `clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.counts: dict[tuple[int, UUID], Count] = {}
        """By the start of the minute and policy."""
        self.consumers: dict[tuple[int, UUID], HeavyHitters] = {}
        """By the start of the hour and policy."""
        self._denied: dict[tuple[UUID, str], Denial] = {}
        self._current: dict[int, tuple[Count, HeavyHitters]] = {}
        self._minute_ends = 0.0

    def admit(self, limit: Limit, cost: int) -> None:
        """Count a decision that took `cost`."""
        count, consumers = self._of(limit.policy)
        count.allowed += 1
        count.tokens += cost
        if limit.identity:
            consumers.add(limit.identity, cost)

    def shadow(self, limit: Limit) -> None:
        """Count a decision that the shadow would have denied."""
        self._of(limit.policy)[0].shadow_denied += 1

    def deny(self, limit: Limit, cost: int, wait: int) -> None:
        """Count a denial, and keep it if there is room in the sample."""
        self._of(limit.policy)[0].denied += 1
        key = (limit.policy.id, limit.identity)
        denied = self._denied.get(key)
        if denied is None:
            if len(self._denied) >= MAX_SAMPLE:
                return
            denied = self._denied[key] = self._denial(limit, cost, wait)
        denied.times += 1

    def sample(self) -> list[Denial]:
        """The denials since it was asked last, one of each identity."""
        kept, self._denied = self._denied, {}
        return list(kept.values())

    def changed(self) -> dict[tuple[int, UUID], Count]:
        """The counts that were not told as they are."""
        return {key: count for key, count in self.counts.items() if count.decisions != count.written}

    def forget(self) -> int:
        """Drop what is over and told, and what there is no room for; how many counts were never told."""
        now = int(self._clock())
        over = {key: count for key, count in self.counts.items() if key[0] <= now - MINUTE}
        lost = 0
        for key, count in over.items():
            is_told = count.decisions == count.written
            if is_told or key[0] <= now - _MOST_MINUTES * MINUTE:
                lost += not is_told
                del self.counts[key]
        self.consumers = {
            key: each for key, each in self.consumers.items() if key[0] > now - HOUR - 2 * MINUTE
        }
        return lost

    def _of(self, policy: Policy) -> tuple[Count, HeavyHitters]:
        """The policy's counts of this minute, and its consumers of this hour."""
        now = self._clock()
        if now >= self._minute_ends:
            self._current, self._minute_ends = {}, (now // MINUTE + 1) * MINUTE
        found = self._current.get(policy.id.int)  # whose hash is a tenth of the id's
        if found is None:
            minute, hour = int(now) // MINUTE * MINUTE, int(now) // HOUR * HOUR
            count = self.counts.setdefault((minute, policy.id), Count())
            consumers = self.consumers.setdefault((hour, policy.id), HeavyHitters(_TRACKED))
            found = self._current[policy.id.int] = count, consumers
        return found

    def _denial(self, limit: Limit, cost: int, wait: int) -> Denial:
        at = datetime.fromtimestamp(self._clock(), UTC)
        policy = limit.policy
        return Denial(new_id(), policy.id, policy.namespace, at, limit.identity, cost, wait)


class MinuteUsage(Struct, frozen=True):
    """What all processes counted of a policy in the minute that starts at `minute`."""

    minute: datetime
    allowed: int
    denied: int
    shadow_denied: int
    tokens: int


class Consumer(Struct, frozen=True):
    """An identity, and the tokens that it took at least."""

    identity: str
    tokens: int
