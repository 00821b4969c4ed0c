"""The protocol over gRPC, for Envoy and whatever else speaks it. No TLS: it stays inside the mesh."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import grpc
from litestar import Litestar

from common.app import Doorkeeper
from common.auth import InvalidToken
from common.errors import DomainError
from common.limiting import rate_limit_headers
from subgraphs.ratelimit.domain.matching import Limit, Limits
from subgraphs.ratelimit.engine.outcome import Outcome
from subgraphs.ratelimit.envoy.messages import (
    SERVICE,
    HeaderValue,
    RateLimitRequest,
    RateLimitResponse,
)
from subgraphs.ratelimit.envoy.rules import Status, cost_of, descriptor_of, statuses_of
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
_Code = RateLimitResponse.Code


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
            descriptors, cost = _asked(request)
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


def _asked(request: RateLimitRequest) -> tuple[list[dict[str, str]], int]:
    """The descriptors, and what they are to cost."""
    descriptors = [
        descriptor_of([(entry.key, entry.value) for entry in each.entries], brings_limit="limit" in each)
        for each in request.descriptors
    ]
    own = [each.hits_addend if "hits_addend" in each else None for each in request.descriptors]
    return descriptors, int(cost_of(request.hits_addend, own))


def _response(outcome: Outcome, apart: Sequence[Limits]) -> RateLimitResponse:
    headers = [HeaderValue(key=name, value=value) for name, value in rate_limit_headers(verdict(outcome))]
    return RateLimitResponse(
        overall_code=_Code.OK if outcome.is_allowed else _Code.OVER_LIMIT,
        statuses=[_status(each) for each in statuses_of(outcome, apart)],
        response_headers_to_add=headers,
    )


def _status(told: Status) -> RateLimitResponse.DescriptorStatus:
    if told.limit is None:
        return RateLimitResponse.DescriptorStatus(code=_Code.OK)
    return RateLimitResponse.DescriptorStatus(
        code=_Code.OVER_LIMIT if told.is_over else _Code.OK,
        current_limit=_current(told.limit, told.unit),
        limit_remaining=told.remaining,
        duration_until_reset=timedelta(seconds=told.reset),
    )


def _current(limit: Limit, unit: str | None) -> RateLimitResponse.RateLimit:
    """The limit where its period is one of the protocol's units; its name alone where not."""
    if unit is None:
        return RateLimitResponse.RateLimit(name=limit.policy.name)
    return RateLimitResponse.RateLimit(
        name=limit.policy.name,
        requests_per_unit=limit.rule.limit,
        unit=getattr(RateLimitResponse.RateLimit.Unit, unit),
    )
