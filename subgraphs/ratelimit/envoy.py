"""Envoy's rate-limit protocol over gRPC (envoy.service.ratelimit.v3), for Envoy and whatever else speaks it.

A domain is a namespace. The descriptors of a request are one decision: what one of them may not have is charged to none. Limits that the
request brings itself are not taken; limits are policies here.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import grpc
from litestar import Litestar

from common.app import Doorkeeper
from common.auth import InvalidToken
from common.errors import DomainError
from common.inputs import InvalidInputError
from common.limiting import rate_limit_headers
from subgraphs.ratelimit.domain.model import Standing
from subgraphs.ratelimit.domain.policies import Limit, Limits
from subgraphs.ratelimit.domain.rules import MICROSECONDS
from subgraphs.ratelimit.engine.outcome import Outcome
from subgraphs.ratelimit.envoy_messages import (
    SERVICE,
    HeaderValue,
    RateLimitDescriptor,
    RateLimitRequest,
    RateLimitResponse,
)
from subgraphs.ratelimit.service.decisions import RateLimits
from subgraphs.ratelimit.verdict import verdict

_GRACE = 5.0  # seconds for calls under way at the end
_MAX_CALLS = 10_000
_MAX_MESSAGE = 256 * 1024
_CODES = {
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    503: grpc.StatusCode.UNAVAILABLE,
}
_Unit = RateLimitResponse.RateLimit.Unit
_UNITS = {1: _Unit.SECOND, 60: _Unit.MINUTE, 3_600: _Unit.HOUR, 86_400: _Unit.DAY, 604_800: _Unit.WEEK}


class EnvoyRateLimits:
    """`ShouldRateLimit` over `limits`; the caller shows a bearer token in the metadata `authorization`."""

    def __init__(self, limits: RateLimits, doorkeeper: Doorkeeper, app: Litestar) -> None:
        self._limits = limits
        self._doorkeeper = doorkeeper
        self._app = app

    async def should_rate_limit(self, request: RateLimitRequest, context: Any) -> RateLimitResponse:
        """Decides. Ends with the gRPC status of a refusal: the request is no decision's then."""
        try:
            bearer = dict(context.invocation_metadata()).get("authorization")
            await self._doorkeeper.admit(bearer, self._app.state.verifier)
            descriptors = [_descriptor(descriptor) for descriptor in request.descriptors]
            cost = _cost(request)
            outcome, apart = await self._limits.check_together(request.domain, descriptors, cost)
        except InvalidToken as refusal:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, str(refusal))
        except DomainError as refusal:
            await context.abort(_CODES.get(refusal.status, grpc.StatusCode.INVALID_ARGUMENT), refusal.message)
        return _response(outcome, apart)


@asynccontextmanager
async def serving(
    address: str, limits: RateLimits, doorkeeper: Doorkeeper, app: Litestar
) -> AsyncIterator[None]:
    """Serve at `address`, HOST:PORT or unix:PATH, with no TLS, until the end of the block. Raises RuntimeError if it is taken."""
    options = [("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.so_reuseport", 0)]
    server = grpc.aio.server(options=options, maximum_concurrent_rpcs=_MAX_CALLS)
    method = grpc.unary_unary_rpc_method_handler(
        EnvoyRateLimits(limits, doorkeeper, app).should_rate_limit,
        request_deserializer=RateLimitRequest.deserialize,
        response_serializer=RateLimitResponse.serialize,
    )
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(SERVICE, {"ShouldRateLimit": method})]
    )
    server.add_insecure_port(address)
    await server.start()
    try:
        yield
    finally:
        await server.stop(_GRACE)


def _descriptor(descriptor: RateLimitDescriptor) -> dict[str, str]:
    entries = {entry.key: entry.value for entry in descriptor.entries}
    if len(entries) != len(descriptor.entries):
        raise InvalidInputError("descriptors", "a descriptor has a key twice")
    if "limit" in descriptor:
        raise InvalidInputError("descriptors", "limits are policies here, and are not taken from requests")
    return entries


def _cost(request: RateLimitRequest) -> int:
    """What the request takes of each limit; descriptors that say so for themselves must say the same."""
    own = {each.hits_addend for each in request.descriptors if "hits_addend" in each}
    if len(own) > 1 or (own and any("hits_addend" not in each for each in request.descriptors)):
        raise InvalidInputError("hits_addend", "must be the same for all descriptors, which are one decision")
    return int(own.pop() if own else request.hits_addend or 1)


def _response(outcome: Outcome, apart: Sequence[Limits]) -> RateLimitResponse:
    standings = {limit.key: standing for limit, standing in outcome.pairs}
    statuses = [_status(outcome, limits, standings) for limits in apart]
    code = RateLimitResponse.Code.OK if outcome.is_allowed else RateLimitResponse.Code.OVER_LIMIT
    headers = [HeaderValue(key=name, value=value) for name, value in rate_limit_headers(verdict(outcome))]
    return RateLimitResponse(overall_code=code, statuses=statuses, response_headers_to_add=headers)


def _status(
    outcome: Outcome, limits: Limits, standings: dict[str, Standing]
) -> RateLimitResponse.DescriptorStatus:
    """How a descriptor stands: by the limit that denies, or by the one with the least left."""
    told = [limit for limit in limits.each if limit.key in standings and not limit.policy.is_shadow]
    denying = outcome.denied_by if outcome.denied_by in told else None
    if not told:
        return RateLimitResponse.DescriptorStatus(code=RateLimitResponse.Code.OK)
    limit = denying or min(told, key=lambda each: standings[each.key].remaining)
    standing = standings[limit.key]
    code = RateLimitResponse.Code.OVER_LIMIT if denying else RateLimitResponse.Code.OK
    return RateLimitResponse.DescriptorStatus(
        code=code,
        current_limit=_current(limit),
        limit_remaining=standing.remaining,
        duration_until_reset=timedelta(seconds=-(-standing.reset // MICROSECONDS)),
    )


def _current(limit: Limit) -> RateLimitResponse.RateLimit:
    """The limit where its period is one of the protocol's units; its name alone where not."""
    unit = _UNITS.get(limit.rule.period or 0)
    if unit is None:
        return RateLimitResponse.RateLimit(name=limit.policy.name)
    return RateLimitResponse.RateLimit(
        name=limit.policy.name,
        requests_per_unit=limit.rule.limit,
        unit=unit,
    )
