"""Envoy's rate-limit protocol: the same decisions over gRPC, spoken by Google's own client, and as JSON over HTTP."""

import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from subgraphs.ratelimit.envoy.messages import (
    SERVICE,
    RateLimitDescriptor,
    RateLimitRequest,
    RateLimitResponse,
)
from tests.integration.ratelimit.conftest import TOKEN

HOUR = 3_600
OK, OVER_LIMIT = RateLimitResponse.Code.OK, RateLimitResponse.Code.OVER_LIMIT
BEARER = (("authorization", f"Bearer {TOKEN}"),)


@pytest.fixture
async def should_rate_limit(service: Any, grpc_address: str) -> AsyncIterator[Any]:
    del service  # it must run
    async with grpc.aio.insecure_channel(grpc_address) as channel:
        yield channel.unary_unary(
            f"/{SERVICE}/ShouldRateLimit",
            request_serializer=RateLimitRequest.serialize,
            response_deserializer=RateLimitResponse.deserialize,
        )


def request(*descriptors: dict[str, str], domain: str = "shop", **members: Any) -> Any:
    entries = [[{"key": key, "value": value} for key, value in each.items()] for each in descriptors]
    return RateLimitRequest(
        domain=domain, descriptors=[RateLimitDescriptor(entries=each) for each in entries], **members
    )


async def ask(should_rate_limit: Any, *descriptors: dict[str, str], **members: Any) -> Any:
    return await should_rate_limit(request(*descriptors, **members), metadata=BEARER, timeout=20)


async def test_what_is_over_a_limit_is_told_with_the_limit_and_the_time(
    service: Any, should_rate_limit: Any
) -> None:
    await service.put("per-user", algorithm="FIXED_WINDOW", limit=2, period=HOUR, by=["user"])
    answers = [await ask(should_rate_limit, {"user": "ada"}) for _ in range(3)]
    assert [answer.overall_code for answer in answers] == [OK, OK, OVER_LIMIT]
    (status,) = answers[0].statuses
    assert (status.code, status.limit_remaining) == (OK, 1)
    assert status.current_limit.requests_per_unit == 2
    assert status.current_limit.unit == RateLimitResponse.RateLimit.Unit.HOUR
    assert 0 < status.duration_until_reset.seconds <= HOUR
    headers = {header.key: header.value for header in answers[2].response_headers_to_add}
    assert headers["ratelimit-policy"] == '"per-user";q=2;w=3600'
    assert int(headers["retry-after"]) > 0


async def test_descriptors_are_one_decision_that_takes_all_or_nothing(
    service: Any, should_rate_limit: Any
) -> None:
    await service.put("wide", algorithm="FIXED_WINDOW", limit=5, period=HOUR, by=["user"])
    await service.put("narrow", algorithm="FIXED_WINDOW", limit=1, period=HOUR, by=["path"])
    asked = ({"user": "ada"}, {"path": "/export"})
    assert (await ask(should_rate_limit, *asked)).overall_code == OK
    denied = [await ask(should_rate_limit, *asked) for _ in range(9)]
    assert {answer.overall_code for answer in denied} == {OVER_LIMIT}
    assert [status.code for status in denied[0].statuses] == [OK, OVER_LIMIT]
    (left,) = (await ask(should_rate_limit, {"user": "ada"})).statuses
    assert left.limit_remaining == 3


async def test_hits_are_the_cost(service: Any, should_rate_limit: Any) -> None:
    await service.put("per-user", algorithm="FIXED_WINDOW", limit=10, period=HOUR, by=["user"])
    assert (await ask(should_rate_limit, {"user": "ada"}, hits_addend=8)).overall_code == OK
    assert (await ask(should_rate_limit, {"user": "ada"}, hits_addend=3)).overall_code == OVER_LIMIT
    assert (await ask(should_rate_limit, {"user": "ada"}, hits_addend=2)).overall_code == OK


async def test_where_no_limit_applies_all_is_let_in(should_rate_limit: Any) -> None:
    answer = await ask(should_rate_limit, {"user": "ada"}, {"path": "/"})
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
    should_rate_limit: Any, asked: Any, metadata: Any, code: Any
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await should_rate_limit(asked, metadata=metadata, timeout=20)
    assert refusal.value.code() == code


def entries(**attributes: str) -> dict[str, Any]:
    return {"entries": [{"key": key, "value": value} for key, value in attributes.items()]}


async def ask_json(service: Any, *descriptors: dict[str, Any], **members: Any) -> tuple[int, dict[str, Any]]:
    answer = await service.post("/json", {"domain": "shop", "descriptors": descriptors, **members})
    return answer.status, json.loads(answer.body)


async def test_as_json_it_answers_as_envoys_own_service_does(service: Any) -> None:
    await service.put("per-user", algorithm="FIXED_WINDOW", limit=2, period=HOUR, by=["user"])
    await service.put("per-path", algorithm="SLIDING_LOG", limit=9, period=90, by=["path"])
    asked = entries(user="ada"), entries(path="/export"), entries(method="GET")
    assert (await ask_json(service, *asked))[0] == 200
    status, told = await ask_json(service, *asked)
    assert (status, told["overallCode"]) == (200, "OK")
    per_user, per_path, none = told["statuses"]
    assert per_user.pop("durationUntilReset").endswith("s")
    limit = {"name": "per-user", "requestsPerUnit": 2, "unit": "HOUR"}
    assert per_user == {"code": "OK", "currentLimit": limit}, (
        "none is left, which JSON of protobuf leaves out"
    )
    assert (per_path["currentLimit"], per_path["limitRemaining"]) == ({"name": "per-path"}, 7)
    assert none == {"code": "OK"}
    status, told = await ask_json(service, *asked)
    assert (status, told["overallCode"]) == (429, "OVER_LIMIT")
    assert [each["code"] for each in told["statuses"]] == ["OVER_LIMIT", "OK", "OK"]
    assert "retry-after" in {header["key"] for header in told["responseHeadersToAdd"]}


async def test_as_json_hits_have_either_name_and_are_the_cost(service: Any) -> None:
    await service.put("per-user", algorithm="FIXED_WINDOW", limit=10, period=HOUR, by=["user"])
    assert (await ask_json(service, entries(user="ada"), hitsAddend=4))[0] == 200
    assert (await ask_json(service, entries(user="ada"), hits_addend=4))[0] == 200
    assert (await ask_json(service, {**entries(user="ada"), "hitsAddend": "3"}))[0] == 429
    assert (await ask_json(service, {**entries(user="ada"), "hits_addend": 2}))[0] == 200


@pytest.mark.parametrize(
    ("descriptor", "status"),
    [
        ({**entries(user="ada"), "limit": {"requestsPerUnit": 1, "unit": "DAY"}}, 422),
        ({**entries(user="ada"), "hitsAddend": 2_000_000_000}, 422),
        ({"entries": [{"key": "user", "value": "a"}, {"key": "user", "value": "b"}]}, 422),
        ({**entries(user="ada"), "hitsAddend": "many"}, 400),
        ({"entries": []}, 400),
    ],
    ids=["a limit of its own", "too many", "a key twice", "no number", "nothing"],
)
async def test_as_json_what_cannot_be_decided_is_refused(
    service: Any, descriptor: dict[str, Any], status: int
) -> None:
    assert (await ask_json(service, descriptor))[0] == status
