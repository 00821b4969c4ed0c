"""Decisions: `POST /check` answers by status and headers, `/v1/limits:*` by their bodies."""

from functools import partial
from typing import Annotated, Any

from msgspec import Meta, Struct

from common.app import Doorkeeper, EdgeAnswer, EdgeRoute, problem
from common.limiting import Verdict, rate_limit_headers
from subgraphs.ratelimit.domain.rules import MAX_COST
from subgraphs.ratelimit.service.decisions import MAX_RESERVATION, RateLimits
from subgraphs.ratelimit.verdict import verdict

QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
MAX_CHECKS = 100

Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]
Attribute = Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
Value = Annotated[str, Meta(min_length=1, max_length=256)]
Cost = Annotated[int, Meta(ge=1, le=MAX_COST)]


class Subject(Struct, frozen=True):
    """Whose limits: what a request is, by its attributes."""

    namespace: Name
    descriptor: Annotated[dict[Attribute, Value], Meta(max_length=16)]


class Check(Subject, frozen=True):
    """`cost` tokens of all limits that apply, or of none."""

    cost: Cost = 1


class CheckMany(Struct, frozen=True):
    """Checks that have nothing to do with one another; each is decided by itself."""

    checks: Annotated[list[Check], Meta(min_length=1, max_length=MAX_CHECKS)]


class Reserve(Check, frozen=True):
    """Hold `cost` for at most `ttl` seconds."""

    ttl: Annotated[int, Meta(ge=1, le=MAX_RESERVATION)] = 60


class Commit(Struct, frozen=True):
    """What a reservation did cost."""

    reservation: Annotated[str, Meta(min_length=1, max_length=100)]
    cost: Cost


class Cancel(Struct, frozen=True):
    """All that was reserved is given back."""

    reservation: Annotated[str, Meta(min_length=1, max_length=100)]


class Verdicts(Struct, frozen=True):
    """In the order of the checks."""

    verdicts: list[Verdict]


class Reserved(Struct, frozen=True):
    """`reservation` is to be committed or cancelled; null when denied, and where no limit applies."""

    reservation: str | None
    verdict: Verdict


class Settled(Struct, frozen=True):
    """What was taken in the end."""

    cost: int


class Denied(Struct, frozen=True, rename="kebab"):
    """The problem document of a check that was denied."""

    type: str
    title: str
    status: int
    violated_policies: list[str]
    verdict: Verdict


def routes(limits: RateLimits, doorkeeper: Doorkeeper) -> list[EdgeRoute[Any]]:
    """The doors over `limits`."""
    doors = _Doors(limits)
    route = partial(EdgeRoute, admit=doorkeeper.admit)
    return [
        route("/check", Check, {200: Verdict, 429: Denied}, doors.gate, summary="Decide by status"),
        route("/v1/limits:checkMany", CheckMany, {200: Verdicts}, doors.check_many, summary="Decide many"),
        route("/v1/limits:peek", Check, {200: Verdict}, doors.peek, summary="Look, taking nothing"),
        route("/v1/limits:refund", Check, {200: Verdict}, doors.refund, summary="Give back"),
        route("/v1/limits:reset", Subject, {200: Verdict}, doors.reset, summary="Forget what was taken"),
        route("/v1/limits:reserve", Reserve, {200: Reserved}, doors.reserve, summary="Hold tokens"),
        route("/v1/limits:commit", Commit, {200: Settled}, doors.commit, summary="Take what was used"),
        route("/v1/limits:cancel", Cancel, {200: Settled}, doors.cancel, summary="Give all back"),
    ]


class _Doors:
    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits

    async def gate(self, asked: Check) -> EdgeAnswer:
        told = verdict(await self._limits.check(asked.namespace, asked.descriptor, asked.cost))
        headers = rate_limit_headers(told)
        if told.allowed:
            return EdgeAnswer.of(told, headers=headers)
        members = {"violated-policies": [told.denied_by], "verdict": told}
        return problem(429, f"The limit {told.denied_by} is used up", headers, QUOTA_EXCEEDED, members)

    async def check_many(self, asked: CheckMany) -> EdgeAnswer:
        checks = [(each.namespace, each.descriptor, each.cost) for each in asked.checks]
        outcomes = await self._limits.check_many(checks)
        return EdgeAnswer.of(Verdicts([verdict(outcome) for outcome in outcomes]))

    async def peek(self, asked: Check) -> EdgeAnswer:
        outcome = await self._limits.peek(asked.namespace, asked.descriptor, asked.cost)
        return EdgeAnswer.of(verdict(outcome))

    async def refund(self, asked: Check) -> EdgeAnswer:
        outcome = await self._limits.refund(asked.namespace, asked.descriptor, asked.cost)
        return EdgeAnswer.of(verdict(outcome))

    async def reset(self, asked: Subject) -> EdgeAnswer:
        return EdgeAnswer.of(verdict(await self._limits.reset(asked.namespace, asked.descriptor)))

    async def reserve(self, asked: Reserve) -> EdgeAnswer:
        made = await self._limits.reserve(asked.namespace, asked.descriptor, asked.cost, asked.ttl)
        return EdgeAnswer.of(Reserved(made.id, verdict(made.outcome)))

    async def commit(self, asked: Commit) -> EdgeAnswer:
        return EdgeAnswer.of(Settled(await self._limits.commit(asked.reservation, asked.cost)))

    async def cancel(self, asked: Cancel) -> EdgeAnswer:
        await self._limits.cancel(asked.reservation)
        return EdgeAnswer.of(Settled(0))
