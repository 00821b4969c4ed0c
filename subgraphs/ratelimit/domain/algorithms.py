"""The algorithms as a model: what each remembers of one key, and what it has room for.

It is the reference that limits.lua is compared with, and decides in its stead while Valkey is away. A state is brought to the
present by `settle` before anything else is asked of it. Amounts are tokens, times microseconds.
"""

from bisect import bisect_right
from collections.abc import Callable
from typing import Protocol

from subgraphs.ratelimit.domain.rules import Call, Kind


class State(Protocol):
    """What one key remembers besides its holds."""

    def settle(self, call: Call, at: int, now: int) -> None:
        """Bring what was true at `at` to `now`, which is not before it."""

    def room(self, call: Call, now: int) -> int:
        """What of the capacity is free; below zero where a policy became smaller."""

    def charge(self, call: Call, now: int, cost: int) -> None:
        """Take `cost` tokens, or give back so many where it is negative."""

    def reset(self, call: Call, now: int) -> int:
        """The time until all of the capacity is free."""

    def wait(self, call: Call, now: int, need: int) -> int:
        """The time until there is room for `need`, of which there is not enough now and never more than the capacity."""

    def shift(self, by: int) -> None:
        """Move all moments `by` back, as the clock was."""


class Gcra:
    """The generic cell rate algorithm as a meter that leaks `call.a / call.b` tokens a microsecond.

    `debt` counts tokens in parts of `parts`, so that no rate is rounded.
    """

    def __init__(self) -> None:
        self.debt, self.parts = 0, 1

    def settle(self, call: Call, at: int, now: int) -> None:
        if self.parts != call.b:
            self.debt, self.parts = -(-self.debt // self.parts) * call.b, call.b
        self.debt = max(0, min(self.debt, call.capacity * call.b) - (now - at) * call.a)

    def room(self, call: Call, now: int) -> int:  # noqa: ARG002 - the protocol's
        return (call.capacity * call.b - self.debt) // call.b

    def charge(self, call: Call, now: int, cost: int) -> None:  # noqa: ARG002 - the protocol's
        self.debt = max(0, self.debt + cost * call.b)

    def reset(self, call: Call, now: int) -> int:  # noqa: ARG002 - the protocol's
        return -(-self.debt // call.a)

    def wait(self, call: Call, now: int, need: int) -> int:  # noqa: ARG002 - the protocol's
        return -(-(self.debt + (need - call.capacity) * call.b) // call.a)

    def shift(self, by: int) -> None:
        pass


class Window:
    """A count that starts anew in each window."""

    def __init__(self) -> None:
        self.count = 0

    def settle(self, call: Call, at: int, now: int) -> None:
        if at < window_bounds(call, now)[0]:
            self.count = 0

    def room(self, call: Call, now: int) -> int:  # noqa: ARG002 - the protocol's
        return call.capacity - self.count

    def charge(self, call: Call, now: int, cost: int) -> None:  # noqa: ARG002 - the protocol's
        self.count = max(0, self.count + cost)

    def reset(self, call: Call, now: int) -> int:
        return window_bounds(call, now)[1] - now if self.count else 0

    def wait(self, call: Call, now: int, need: int) -> int:  # noqa: ARG002 - the protocol's
        return window_bounds(call, now)[1] - now

    def shift(self, by: int) -> None:
        pass


class Log:
    """The moment of each token that was taken; giving back forgets the oldest, which is never more generous."""

    def __init__(self) -> None:
        self.moments: tuple[int, ...] = ()

    def settle(self, call: Call, at: int, now: int) -> None:  # noqa: ARG002 - the protocol's
        self.moments = self.moments[bisect_right(self.moments, now - call.a) :]

    def room(self, call: Call, now: int) -> int:  # noqa: ARG002 - the protocol's
        return call.capacity - len(self.moments)

    def charge(self, call: Call, now: int, cost: int) -> None:  # noqa: ARG002 - the protocol's
        self.moments = self.moments[-cost:] if cost < 0 else (*self.moments, *[now] * cost)

    def reset(self, call: Call, now: int) -> int:
        return self.moments[-1] + call.a - now if self.moments else 0

    def wait(self, call: Call, now: int, need: int) -> int:
        return self.moments[len(self.moments) + need - call.capacity - 1] + call.a - now

    def shift(self, by: int) -> None:
        self.moments = tuple(moment - by for moment in self.moments)


class Counter:
    """This window's count and the last one's, of which so much counts as of it is still within a period from now."""

    def __init__(self) -> None:
        self.current, self.previous = 0, 0

    def settle(self, call: Call, at: int, now: int) -> None:
        passed = now // call.a - at // call.a
        if passed:
            self.current, self.previous = 0, self.current if passed == 1 else 0

    def room(self, call: Call, now: int) -> int:
        period = call.a // 1_000
        left = -(-_left(call, now) // 1_000)
        return ((call.capacity - self.current) * period - self.previous * left) // period

    def charge(self, call: Call, now: int, cost: int) -> None:  # noqa: ARG002 - the protocol's
        self.current = max(0, self.current + cost)

    def reset(self, call: Call, now: int) -> int:
        if self.current:
            return _left(call, now) + call.a
        return _left(call, now) if self.previous else 0

    def wait(self, call: Call, now: int, need: int) -> int:
        period, spare, left = call.a // 1_000, call.capacity - need, _left(call, now)
        if self.current <= spare:
            return left - (spare - self.current) * period // self.previous * 1_000
        return left + call.a - spare * period // self.current * 1_000

    def shift(self, by: int) -> None:
        pass


class Concurrency:
    """Nothing but holds."""

    def settle(self, call: Call, at: int, now: int) -> None:
        pass

    def room(self, call: Call, now: int) -> int:  # noqa: ARG002 - the protocol's
        return call.capacity

    def charge(self, call: Call, now: int, cost: int) -> None:
        pass

    def reset(self, call: Call, now: int) -> int:  # noqa: ARG002 - the protocol's
        return 0

    def wait(self, call: Call, now: int, need: int) -> int:  # noqa: ARG002 - the protocol's
        return 0

    def shift(self, by: int) -> None:
        pass


STATES: dict[int, Callable[[], State]] = {
    Kind.GCRA: Gcra,
    Kind.WINDOW: Window,
    Kind.LOG: Log,
    Kind.COUNTER: Counter,
    Kind.CONCURRENCY: Concurrency,
}


def window_bounds(call: Call, now: int) -> tuple[int, int]:
    """The window of a WINDOW call that `now` is in.

    Raises:
        StaleCalendarError: neither of the two calendar windows that the call knows.
    """
    if call.a:
        start = now - now % call.a
        return start, start + call.a
    for start, stop in ((call.b, call.c), (call.c, call.d)):
        if start <= now < stop:
            return start, stop
    raise StaleCalendarError


class StaleCalendarError(Exception):
    """The call's calendar windows are not those of the time at which it is decided."""


def _left(call: Call, now: int) -> int:
    return call.a - now % call.a
