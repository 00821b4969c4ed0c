"""Envoy's rate-limit protocol: the same decisions over gRPC, spoken by Google's own client."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from envoy.extensions.common.ratelimit.v3.ratelimit_pb2 import RateLimitDescriptor
from envoy.service.ratelimit.v3.rls_pb2 import RateLimitRequest, RateLimitResponse
from envoy.service.ratelimit.v3.rls_pb2_grpc import RateLimitServiceStub

from tests.integration.ratelimit.conftest import TOKEN

HOUR = 3_600
OK, OVER_LIMIT = RateLimitResponse.OK, RateLimitResponse.OVER_LIMIT
BEARER = (("authorization", f"Bearer {TOKEN}"),)


@pytest.fixture
async def stub(service: Any, grpc_address: str) -> AsyncIterator[Any]:
    del service  # it must run
    async with grpc.aio.insecure_channel(grpc_address) as channel:
        yield RateLimitServiceStub(channel)


def request(*descriptors: dict[str, str], domain: str = "shop", **members: Any) -> Any:
    entries = [[{"key": key, "value": value} for key, value in each.items()] for each in descriptors]
    return RateLimitRequest(
        domain=domain, descriptors=[RateLimitDescriptor(entries=each) for each in entries], **members
    )


async def ask(stub: Any, *descriptors: dict[str, str], **members: Any) -> Any:
    return await stub.ShouldRateLimit(request(*descriptors, **members), metadata=BEARER, timeout=20)


async def test_what_is_over_a_limit_is_told_with_the_limit_and_the_time(service: Any, stub: Any) -> None:
    await service.put("per-user", algorithm="FIXED_WINDOW", limit=2, period=HOUR, by=["user"])
    answers = [await ask(stub, {"user": "ada"}) for _ in range(3)]
    assert [answer.overall_code for answer in answers] == [OK, OK, OVER_LIMIT]
    (status,) = answers[0].statuses
    assert (status.code, status.limit_remaining) == (OK, 1)
    assert status.current_limit.requests_per_unit == 2
    assert status.current_limit.unit == RateLimitResponse.RateLimit.HOUR
    assert 0 < status.duration_until_reset.seconds <= HOUR
    headers = {header.key: header.value for header in answers[2].response_headers_to_add}
    assert headers["ratelimit-policy"] == '"per-user";q=2;w=3600'
    assert int(headers["retry-after"]) > 0


async def test_descriptors_are_one_decision_that_takes_all_or_nothing(service: Any, stub: Any) -> None:
    await service.put("wide", algorithm="FIXED_WINDOW", limit=5, period=HOUR, by=["user"])
    await service.put("narrow", algorithm="FIXED_WINDOW", limit=1, period=HOUR, by=["path"])
    asked = ({"user": "ada"}, {"path": "/export"})
    assert (await ask(stub, *asked)).overall_code == OK
    denied = [await ask(stub, *asked) for _ in range(9)]
    assert {answer.overall_code for answer in denied} == {OVER_LIMIT}
    assert [status.code for status in denied[0].statuses] == [OK, OVER_LIMIT]
    (left,) = (await ask(stub, {"user": "ada"})).statuses
    assert left.limit_remaining == 3


async def test_hits_are_the_cost(service: Any, stub: Any) -> None:
    await service.put("per-user", algorithm="FIXED_WINDOW", limit=10, period=HOUR, by=["user"])
    assert (await ask(stub, {"user": "ada"}, hits_addend=8)).overall_code == OK
    assert (await ask(stub, {"user": "ada"}, hits_addend=3)).overall_code == OVER_LIMIT
    assert (await ask(stub, {"user": "ada"}, hits_addend=2)).overall_code == OK


async def test_where_no_limit_applies_all_is_let_in(stub: Any) -> None:
    answer = await ask(stub, {"user": "ada"}, {"path": "/"})
    assert (answer.overall_code, [status.code for status in answer.statuses]) == (OK, [OK, OK])


@pytest.mark.parametrize(
    ("asked", "metadata", "code"),
    [
        (request({"user": "ada"}), (), grpc.StatusCode.UNAUTHENTICATED),
        (request({"user": "ada"}), (("authorization", "Bearer wrong"),), grpc.StatusCode.UNAUTHENTICATED),
        (request({"user": "ada"}, domain="none"), BEARER, grpc.StatusCode.NOT_FOUND),
        (request({"no name": "ada"}), BEARER, grpc.StatusCode.INVALID_ARGUMENT),
        (request({"user": "ada"}, hits_addend=2**32 - 1), BEARER, grpc.StatusCode.INVALID_ARGUMENT),
        (
            RateLimitRequest(
                domain="shop",
                descriptors=[RateLimitDescriptor(entries=[{"key": "user", "value": v} for v in "ab"])],
            ),
            BEARER,
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
    ],
)
async def test_what_cannot_be_decided_is_refused_with_its_status(
    stub: Any, asked: Any, metadata: Any, code: Any
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await stub.ShouldRateLimit(asked, metadata=metadata, timeout=20)
    assert refusal.value.code() == code
