"""`POST /json`: Envoy's protocol as JSON, as envoyproxy/ratelimit answers it, by 200 and 429.

Names may be protobuf's or JSON's (`hits_addend`, `hitsAddend`); what is told has JSON's, and leaves out what is empty.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from common.app import Doorkeeper, EdgeAnswer, EdgeRoute
from common.limiting import rate_limit_headers
from subgraphs.ratelimit.envoy.rules import Status, cost_of, descriptor_of, statuses_of
from subgraphs.ratelimit.routes.limits import Attribute, Name, Value
from subgraphs.ratelimit.service.decisions import RateLimits
from subgraphs.ratelimit.verdict import verdict

_MAX_DESCRIPTORS = 100

Code = Literal["OK", "OVER_LIMIT"]
Hits = Annotated[int, Meta(ge=0)] | Annotated[str, Meta(pattern="^[0-9]{1,10}$")]
"""A number, or as protobuf's JSON has large ones."""


class Entry(Struct, frozen=True):
    """One attribute of what a request is."""

    key: Attribute
    value: Value


class Descriptor(Struct, frozen=True):
    """Attributes that belong together; `hits_addend` goes before the request's."""

    entries: Annotated[list[Entry], Meta(min_length=1, max_length=16)]
    limit: dict[str, Any] | None = None
    hits_addend: Hits | None = None
    hits: Hits | None = msgspec.field(default=None, name="hitsAddend")


class RateLimitRequest(Struct, frozen=True):
    """All descriptors are one decision."""

    domain: Name
    descriptors: Annotated[list[Descriptor], Meta(min_length=1, max_length=_MAX_DESCRIPTORS)]
    hits_addend: Hits = 0
    hits: Hits = msgspec.field(default=0, name="hitsAddend")


class CurrentLimit(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A limit by its name; in the protocol's terms where its period is one of its units."""

    name: str
    requests_per_unit: int = 0
    unit: str = ""


class DescriptorStatus(Struct, frozen=True, rename="camel", omit_defaults=True):
    """How a descriptor stands."""

    code: Code
    current_limit: CurrentLimit | None = None
    limit_remaining: int = 0
    duration_until_reset: str = ""


class HeaderValue(Struct, frozen=True):
    """A header for the answer to whom it is about."""

    key: str
    value: str


class RateLimitResponse(Struct, frozen=True, rename="camel", omit_defaults=True):
    """`statuses` are in the order of the descriptors."""

    overall_code: Code
    statuses: list[DescriptorStatus]
    response_headers_to_add: list[HeaderValue] = []


def routes(limits: RateLimits, doorkeeper: Doorkeeper) -> list[EdgeRoute[Any]]:
    """The door over `limits`."""

    async def decide(asked: RateLimitRequest) -> EdgeAnswer:
        descriptors = [_attributes(each) for each in asked.descriptors]
        own = [_number(each.hits_addend, each.hits) for each in asked.descriptors]
        cost = cost_of(_number(asked.hits_addend, asked.hits) or 0, own)
        outcome, apart = await limits.check_together(asked.domain, descriptors, cost)
        headers = rate_limit_headers(verdict(outcome))
        told = RateLimitResponse(
            "OK" if outcome.is_allowed else "OVER_LIMIT",
            [_status(each) for each in statuses_of(outcome, apart)],
            [HeaderValue(name, value) for name, value in headers],
        )
        return EdgeAnswer.of(told, 200 if outcome.is_allowed else 429, headers)

    gives = {200: RateLimitResponse, 429: RateLimitResponse}
    summary = "Decide as Envoy's rate-limit service does"
    return [
        EdgeRoute("/json", RateLimitRequest, gives, decide, admit=doorkeeper.admit, summary=summary),
    ]


def _attributes(asked: Descriptor) -> dict[str, str]:
    entries = [(entry.key, entry.value) for entry in asked.entries]
    return descriptor_of(entries, brings_limit=asked.limit is not None)


def _number(*given: Hits | None) -> int | None:
    """The one of two names that is given."""
    return next((int(each) for each in given if each), None)


def _status(told: Status) -> DescriptorStatus:
    if told.limit is None:
        return DescriptorStatus("OK")
    name = told.limit.policy.name
    limit = CurrentLimit(name, told.limit.rule.limit, told.unit) if told.unit else CurrentLimit(name)
    code: Code = "OVER_LIMIT" if told.is_over else "OK"
    return DescriptorStatus(code, limit, told.remaining, f"{told.reset}s")
