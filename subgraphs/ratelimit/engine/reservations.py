"""Reserving for what is not known yet: hold the most it can cost, do it, and settle what it did cost.

A hold counts as taken until it is settled or its time is over; then it is free again, whether its holder lives or not. A slot of a
concurrency limit is nothing but such a hold.
"""

import secrets

import msgspec
from msgspec import Struct

from subgraphs.ratelimit.domain.matching import Limits
from subgraphs.ratelimit.domain.model import ALLOWED, Decision, Mode
from subgraphs.ratelimit.domain.rules import Call
from subgraphs.ratelimit.engine.outcome import UNLIMITED, Outcome, answered
from subgraphs.ratelimit.engine.valkey import ValkeyEngine, required
from subgraphs.ratelimit.errors import ReservationEndedError, UnknownReservationError

_RECORD_LIFE = 3_600_000
"""Milliseconds for which a reservation is known beyond its time, so that who asks again is told what became of it."""


class _Record(Struct):
    """What a reservation is remembered by: its limits as they were, and the tokens settled once it is."""

    calls: list[Call]
    settled: int | None = None


class Reservations:
    """All in Valkey: any process settles what any other reserved."""

    def __init__(self, engine: ValkeyEngine) -> None:
        self._engine = engine

    async def reserve(
        self, namespace: str, limits: Limits, cost: int, ttl: int
    ) -> tuple[str | None, Outcome]:
        """Hold `cost` tokens of each limit for `ttl` seconds, if all have them.

        The first is the id to settle it by; None when a limit denies, and where there is none that applies.

        Raises:
            OverloadedError: Valkey does not answer; what was asked may be held until its time is over.
        """
        if not limits.each:
            return None, UNLIMITED
        id_ = f"{namespace}~{secrets.token_urlsafe(16)}"

        def decision(now: int) -> Decision:
            calls = limits.calls(cost, now)
            life = ttl * 1_000 + _RECORD_LIFE
            return Decision(
                Mode.RESERVE, calls, id_, ttl * 1_000_000, _key(id_), _encode(_Record(calls)), life
            )

        with required():
            outcome = answered(limits, await self._engine.decide(decision))
        return (id_ if outcome.is_allowed else None), outcome

    async def settle(self, id_: str, cost: int) -> int:
        """End a reservation with what it cost, 0 to give all back; doing so again changes nothing.

        More than was reserved is taken as far as there is room.

        Raises:
            UnknownReservationError: there was none.
            ReservationEndedError: it was settled otherwise, or its time was over before.
            OverloadedError: Valkey does not answer; ask again.
        """
        with required():
            record = await self._read(id_)
            if record.settled is None and not await self._end(id_, record, cost):
                record = await self._read(id_)  # another may have settled it in between
                if record.settled is None:
                    raise ReservationEndedError("The reservation's time is over")
        if record.settled is not None and record.settled != cost:
            raise ReservationEndedError("The reservation was settled before", settled=record.settled)
        return cost

    async def _read(self, id_: str) -> _Record:
        text = await self._engine.read(_key(id_))
        if text is None:
            raise UnknownReservationError
        return msgspec.json.decode(text, type=_Record)

    async def _end(self, id_: str, record: _Record, cost: int) -> bool:
        settled = _encode(_Record(record.calls, cost))
        decision = Decision(Mode.SETTLE, record.calls, id_, cost, _key(id_), settled, _RECORD_LIFE)
        answer = await self._engine.decide(lambda _: decision)
        return answer.verdict == ALLOWED  # else its time is over, or a calendar's clock is elsewhere


def _key(id_: str) -> str:
    namespace, _, secret = id_.partition("~")
    return f"rl:{{{namespace}}}:reservation:{secret}"


def _encode(record: _Record) -> str:
    return msgspec.json.encode(record).decode()
