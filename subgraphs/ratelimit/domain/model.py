"""Whole decisions by the model: several limits, all or nothing, with holds. What limits.lua does in Valkey."""

from collections.abc import Sequence
from copy import copy
from enum import IntEnum

from msgspec import Struct

from subgraphs.ratelimit.domain.algorithms import STATES, StaleCalendarError, State, window_bounds
from subgraphs.ratelimit.domain.rules import Call, Kind

ALLOWED, STALE, LAPSED = 0, -1, -2
NEVER = -1


class Mode(IntEnum):
    """What a decision does: CHECK charges what fits; PEEK only looks; TAKE charges as much of the cost as fits; RESERVE holds."""

    CHECK = 1
    PEEK = 2
    TAKE = 3
    REFUND = 4
    RESERVE = 5
    SETTLE = 6
    RESET = 7


class Decision(Struct, array_like=True):
    """`calls` all cost the same. The rest is for RESERVE and SETTLE: the hold's id, `number` its time to live in microseconds
    or what it cost in the end, and a record that is kept beside it for so many milliseconds.
    """

    mode: int
    calls: list[Call]
    id: str = ""
    number: int = 0
    record_key: str = ""
    record: str = ""
    record_ttl: int = 0


class Standing(Struct, frozen=True, array_like=True):
    """How a limit stands after a decision: `reset` and `wait` in microseconds, the latter NEVER where the cost exceeds it."""

    remaining: int
    reset: int
    wait: int
    held: int


class Answer(Struct, frozen=True, array_like=True):
    """`verdict` is ALLOWED, the denying limit's place from 1, STALE or LAPSED; `granted` is what was charged or held."""

    verdict: int
    granted: int
    standings: list[Standing]


class _Hold(Struct, frozen=True):
    id: str
    cost: int
    deadline: int


class _Entry:
    """One key: its algorithm's state, its holds, when it was last written, and whether it is to be written again."""

    def __init__(self, state: State, holds: list[_Hold], at: int) -> None:
        self.state = state
        self.holds = holds
        self.at = at
        self.until = at
        self.is_changed = False

    @property
    def held(self) -> int:
        return sum(hold.cost for hold in self.holds)

    def bring_to(self, call: Call, now: int) -> None:
        if self.at > now:
            by = self.at - now
            self.state.shift(by)
            self.holds = [_Hold(hold.id, hold.cost, hold.deadline - by) for hold in self.holds]
            self.at, self.is_changed = now, True
        self.state.settle(call, self.at, now)
        alive = [hold for hold in self.holds if hold.deadline > now]
        self.is_changed |= alive != self.holds
        self.at, self.holds = now, alive

    def free(self, call: Call, now: int) -> int:
        return self.state.room(call, now) - self.held

    def reset(self, call: Call, now: int) -> int:
        last = max((hold.deadline for hold in self.holds), default=now)
        return max(self.state.reset(call, now), last - now)

    def wait(self, call: Call, now: int) -> int:
        if call.cost > call.capacity:
            return NEVER
        if call.cost <= self.free(call, now):
            return 0
        need = call.cost + self.held
        if need > call.capacity:
            return min(hold.deadline for hold in self.holds) - now
        return self.state.wait(call, now, need)

    def charge(self, call: Call, now: int, cost: int) -> None:
        self.state.charge(call, now, cost)
        self.is_changed = True

    def add(self, hold: _Hold) -> None:
        self.holds, self.is_changed = [*self.holds, hold], True

    def remove(self, hold: _Hold) -> None:
        self.holds, self.is_changed = [each for each in self.holds if each is not hold], True

    def hold(self, id_: str) -> _Hold | None:
        return next((hold for hold in self.holds if hold.id == id_), None)


class Model:
    """All keys, in memory. Not for several threads."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def forget(self, now: int) -> None:
        """Drop the keys of which nothing is left by `now`."""
        self._entries = {key: entry for key, entry in self._entries.items() if entry.until > now}

    def decide(self, now: int, decisions: Sequence[Decision]) -> list[Answer]:
        """The answers, each decision seeing what those before it did."""
        return [self._decide(now, decision) for decision in decisions]

    def _decide(self, now: int, decision: Decision) -> Answer:
        try:
            entries = [self._entry(call, now) for call in decision.calls]
        except StaleCalendarError:
            return Answer(STALE, 0, [])
        calls = decision.calls
        waits = [entry.wait(call, now) for call, entry in zip(calls, entries, strict=True)]
        verdict, granted = self._act(decision, entries, waits, now)
        if decision.mode in {Mode.REFUND, Mode.SETTLE, Mode.RESET}:
            waits = [0] * len(waits)
        standings = [
            Standing(max(0, entry.free(call, now)), entry.reset(call, now), wait, entry.held)
            for call, entry, wait in zip(calls, entries, waits, strict=True)
        ]
        self._keep(calls, entries, now)
        return Answer(verdict, granted, standings)

    def _entry(self, call: Call, now: int) -> _Entry:
        if call.kind == Kind.WINDOW:
            window_bounds(call, now)
        known = self._entries.get(call.key)
        entry = _fresh(call, now) if known is None else _Entry(copy(known.state), known.holds, known.at)
        entry.bring_to(call, now)
        return entry

    def _keep(self, calls: Sequence[Call], entries: Sequence[_Entry], now: int) -> None:
        """Remember what changed, and nothing of what is as if it had never been."""
        for call, entry in zip(calls, entries, strict=True):
            lasts = entry.reset(call, now)
            if entry.is_changed and lasts:
                entry.until = now + lasts
                self._entries[call.key] = entry
            elif entry.is_changed:
                self._entries.pop(call.key, None)

    def _act(self, decision: Decision, entries: list[_Entry], waits: list[int], now: int) -> tuple[int, int]:
        pairs = list(zip(decision.calls, entries, strict=True))
        match decision.mode:
            case Mode.REFUND:
                for call, entry in pairs:
                    entry.charge(call, now, -call.cost)
                return ALLOWED, 0
            case Mode.RESET:
                entries[:] = [_fresh(call, now, is_changed=True) for call in decision.calls]
                return ALLOWED, 0
            case Mode.SETTLE:
                return _settle(decision, pairs, now), decision.number
            case Mode.TAKE:
                return _take(pairs, waits, now)
            case _:
                return _ask(decision, pairs, waits, now)


def _fresh(call: Call, now: int, *, is_changed: bool = False) -> _Entry:
    entry = _Entry(STATES[call.kind](), [], now)
    entry.is_changed = is_changed
    return entry


def _verdict(calls: Sequence[Call], waits: Sequence[int]) -> int:
    denying = (place for place, call in enumerate(calls, 1) if not call.shadow and waits[place - 1] != 0)
    return next(denying, ALLOWED)


def _ask(
    decision: Decision, pairs: Sequence[tuple[Call, _Entry]], waits: Sequence[int], now: int
) -> tuple[int, int]:
    verdict = _verdict(decision.calls, waits)
    if verdict != ALLOWED:
        return verdict, 0
    for (call, entry), wait in zip(pairs, waits, strict=True):
        if wait != 0:  # a shadow, which does not deny
            continue
        if decision.mode == Mode.CHECK:
            entry.charge(call, now, call.cost)
        elif decision.mode == Mode.RESERVE:
            entry.add(_Hold(decision.id, call.cost, now + decision.number))
    return ALLOWED, decision.calls[0].cost


def _take(pairs: Sequence[tuple[Call, _Entry]], waits: Sequence[int], now: int) -> tuple[int, int]:
    available = min(entry.free(call, now) for call, entry in pairs if not call.shadow)
    if available <= 0:
        return _verdict([call for call, _ in pairs], waits), 0
    granted = min(pairs[0][0].cost, available)
    for call, entry in pairs:
        if not call.shadow or granted <= entry.free(call, now):
            entry.charge(call, now, granted)
    return ALLOWED, granted


def _settle(decision: Decision, pairs: Sequence[tuple[Call, _Entry]], now: int) -> int:
    if any(not call.shadow and entry.hold(decision.id) is None for call, entry in pairs):
        return LAPSED
    for call, entry in pairs:
        hold = entry.hold(decision.id)
        if hold is not None:
            entry.remove(hold)
            most = max(call.cost, entry.free(call, now))
            entry.charge(call, now, min(decision.number, most))
    return ALLOWED
