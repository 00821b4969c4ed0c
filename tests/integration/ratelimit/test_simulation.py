"""A policy is tried before it is written down."""

from typing import Any

import pytest

from subgraphs.ratelimit.access import CHECK_SCOPE

SIMULATE = """query ($policy: RateLimitPolicyInput!, $requests: [RateLimitRequestInput!]!) {
  simulateRateLimitPolicy(policy: $policy, requests: $requests) { __typename
    ... on RateLimitSimulation { allowed denied ignored tokens mostDenied { identity times } }
    ... on InvalidInput { field } } }"""
OVERRIDE = (
    """mutation ($input: RateLimitOverrideInput!) { setRateLimitOverride(input: $input) { __typename } }"""
)
POLICY = {
    "namespace": "shop",
    "name": "two",
    "algorithm": "SLIDING_LOG",
    "limit": 2,
    "period": 60,
    "by": ["user"],
}


def request(second: int, user: str | None, **more: Any) -> dict[str, Any]:
    attributes = [{"name": "user", "value": user}] if user else []
    return {"at": f"2026-01-01T00:{second // 60:02}:{second % 60:02}Z", "attributes": attributes, **more}


async def simulate(service: Any, policy: dict[str, Any], *requests: dict[str, Any]) -> dict[str, Any]:
    answer = await service.ask(SIMULATE, scope=CHECK_SCOPE, policy=policy, requests=list(requests))
    return dict(answer["data"]["simulateRateLimitPolicy"])


async def test_a_policy_says_what_it_would_have_done_and_does_nothing(service: Any) -> None:
    stream = [*(request(s, "ada") for s in (61, 0, 10, 20, 30)), request(5, "bob", cost=3), request(7, None)]
    assert await simulate(service, {**POLICY, "isShadow": True}, *stream) == {
        "__typename": "RateLimitSimulation",
        "allowed": 3,
        "denied": 3,
        "ignored": 1,
        "tokens": 3,
        "mostDenied": [{"identity": "ada", "times": 2}, {"identity": "bob", "times": 1}],
    }
    assert await service.admitted(5, user="ada") == 5


async def test_overrides_of_the_policy_that_is_there_count(service: Any) -> None:
    made = await service.put(**{key: value for key, value in POLICY.items() if key != "namespace"})
    await service.ask(OVERRIDE, input={"policyId": made["id"], "pattern": "ada", "limit": 4})
    found = await simulate(service, POLICY, *(request(s, user) for s in range(5) for user in ("ada", "bob")))
    assert (found["allowed"], found["denied"]) == (4 + 2, 1 + 3)


@pytest.mark.parametrize(
    ("change", "more", "field"),
    [
        ({"limit": 0}, {}, "limit"),
        ({"algorithm": "CONCURRENCY", "period": 0}, {}, "algorithm"),
        ({}, {"cost": 0}, "cost"),
        ({}, {"at": "0001-01-01T00:00:00Z"}, "at"),
        ({}, {"at": "9999-12-31T23:59:59Z"}, "at"),
        ({}, {"attributes": [{"name": "user", "value": ""}]}, "descriptor"),
    ],
)
async def test_what_cannot_be_tried_is_named(
    service: Any, change: dict[str, Any], more: dict[str, Any], field: str
) -> None:
    found = await simulate(service, {**POLICY, **change}, {**request(0, "ada"), **more})
    assert found["field"] == field
