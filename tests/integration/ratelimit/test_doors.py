import asyncio
import json
from typing import Any

import http_sf
import pytest

from subgraphs.ratelimit.access import CHECK_SCOPE

HOUR = 3_600
SUBJECT = {"namespace": "shop", "descriptor": {"user": "ada"}}


def members(field: str) -> dict[str, dict[str, Any]]:
    """A structured list of strings with parameters, read by the library."""
    return dict(http_sf.parse(field.encode(), tltype="list"))


async def test_a_bucket_admits_its_burst_and_says_when_the_next_comes(service: Any) -> None:
    await service.put("per-user", algorithm="TOKEN_BUCKET", limit=60, period=HOUR, burst=3, by=["user"])
    answers = [await service.check(user="ada") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert (await service.check(user="bob")).status == 200
    headers = dict(answers[3].headers)
    assert members(headers["ratelimit-policy"]) == {"per-user": {"q": 60, "w": HOUR}}
    standing = members(headers["ratelimit"])["per-user"]
    assert standing["r"] == 0
    assert 50 < standing["t"] <= 60
    assert int(headers["retry-after"]) >= standing["t"]
    problem = json.loads(answers[3].body)
    assert headers["content-type"] == "application/problem+json"
    assert problem["type"].endswith("#quota-exceeded")
    assert problem["violated-policies"] == ["per-user"]


async def test_a_check_takes_all_limits_or_none(service: Any) -> None:
    """Guarantee 6."""
    await service.put("wide", algorithm="FIXED_WINDOW", limit=5, period=86_400, by=["user"])
    await service.put("narrow", algorithm="SLIDING_LOG", limit=2, period=HOUR, by=["user"])
    assert await service.admitted(6, user="ada") == 2
    verdict = await service.call("/v1/limits:peek", **SUBJECT)
    left = {limit["policy"]: limit["remaining"] for limit in verdict["limits"]}
    assert left == {"wide": 3, "narrow": 0}


async def test_what_costs_more_than_the_limit_is_never_admitted(service: Any) -> None:
    await service.put("small", algorithm="FIXED_WINDOW", limit=5, period=HOUR, by=["user"])
    answer = await service.check(cost=6, user="ada")
    assert answer.status == 429
    assert "retry-after" not in dict(answer.headers)
    assert json.loads(answer.body)["verdict"]["limits"][0] | {"reset": 0} == {
        "policy": "small",
        "limit": 5,
        "remaining": 5,
        "reset": 0,
        "wait": None,
        "window": HOUR,
        "quota": None,
        "unit": "requests",
        "shadow": False,
    }
    assert (await service.check(cost=5, user="ada")).status == 200


async def test_a_policy_applies_to_whom_it_says(service: Any) -> None:
    when = [{"name": "operation", "value": "checkout*"}]
    await service.put("checkouts", algorithm="SLIDING_LOG", limit=1, period=HOUR, by=["user"], when=when)
    await service.put("all", algorithm="SLIDING_COUNTER", limit=100, period=HOUR)
    assert await service.admitted(3, user="ada", operation="checkoutCart") == 1
    assert await service.admitted(3, user="ada", operation="browse") == 3
    assert await service.admitted(3, operation="checkoutCart") == 3
    peeked = await service.call("/v1/limits:peek", namespace="shop", descriptor={})
    assert peeked["limits"][0]["remaining"] == 100 - 7


async def test_addresses_of_one_ipv6_network_are_one_client(service: Any) -> None:
    await service.put("callers", algorithm="SLIDING_LOG", limit=2, period=HOUR, by=["address"])
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1", "192.0.2.1", "192.0.2.2"]
    answers = [await service.check(address=address) for address in addresses]
    assert [answer.status for answer in answers] == [200, 200, 429, 200, 200, 200]


async def test_no_two_identities_share_a_count(service: Any) -> None:
    await service.put("pairs", algorithm="SLIDING_LOG", limit=1, period=HOUR, by=["user", "client"])
    pairs = [
        ("a", "b"),
        ("ab", ""),
        ("a\x1fb", "c"),
        ("a", "b\x1fc"),
        ("x" * 200, "y"),
        ("x" * 200, "z"),
        ("#", "1"),
    ]
    for user, client in pairs:
        named = {"user": user, **({"client": client} if client else {})}
        assert (await service.check(**named)).status == 200, named


async def test_tokens_are_given_back_but_never_more_than_were_taken(service: Any) -> None:
    await service.put(
        "day", algorithm="FIXED_WINDOW", limit=5, calendar="DAY", timeZone="Europe/Berlin", by=["user"]
    )
    assert await service.admitted(5, user="ada") == 5
    assert (await service.check(user="ada")).status == 429
    await service.call("/v1/limits:refund", **SUBJECT, cost=2)
    assert await service.admitted(4, user="ada") == 2
    await service.call("/v1/limits:refund", **SUBJECT, cost=500)
    assert await service.admitted(9, user="ada") == 5
    await service.call("/v1/limits:reset", **SUBJECT)
    assert await service.admitted(9, user="ada") == 5


async def test_many_checks_are_each_decided(service: Any) -> None:
    await service.put("two", algorithm="SLIDING_LOG", limit=2, period=HOUR, by=["user"])
    checks = [{"namespace": "shop", "descriptor": {"user": user}} for user in ("ada", "bob", "ada", "ada")]
    verdicts = (await service.call("/v1/limits:checkMany", checks=checks))["verdicts"]
    assert [verdict["allowed"] for verdict in verdicts] == [True, True, True, False]
    unknown = {"namespace": "elsewhere", "descriptor": {}}
    answer = await service.post("/v1/limits:checkMany", {"checks": [checks[1], unknown]})
    assert answer.status == 404
    peeked = await service.call("/v1/limits:peek", namespace="shop", descriptor={"user": "bob"})
    assert peeked["limits"][0]["remaining"] == 1


async def test_a_reservation_is_settled_once(service: Any) -> None:
    """Guarantee 10."""
    await service.put("tokens", algorithm="TOKEN_BUCKET", limit=100, period=86_400, burst=100, by=["user"])
    reserved = await service.call("/v1/limits:reserve", **SUBJECT, cost=60)
    assert (await service.check(cost=41, user="ada")).status == 429
    commit = {"reservation": reserved["reservation"], "cost": 25}
    assert await service.call("/v1/limits:commit", **commit) == {"cost": 25}
    assert await service.call("/v1/limits:commit", **commit) == {"cost": 25}
    again = await service.post("/v1/limits:commit", {**commit, "cost": 26})
    assert (again.status, json.loads(again.body)["settled"]) == (409, 25)
    assert (await service.post("/v1/limits:cancel", {"reservation": commit["reservation"]})).status == 409
    assert (await service.post("/v1/limits:commit", {**commit, "reservation": "shop~none"})).status == 404
    assert (await service.check(cost=75, user="ada")).status == 200
    assert (await service.check(user="ada")).status == 429


async def test_two_who_settle_at_once_take_once(service: Any) -> None:
    await service.put("tokens", algorithm="SLIDING_LOG", limit=10, period=86_400, by=["user"])
    reserved = await service.call("/v1/limits:reserve", **SUBJECT, cost=10)
    commit = {"reservation": reserved["reservation"], "cost": 4}
    answers = await asyncio.gather(*(service.post("/v1/limits:commit", commit) for _ in range(5)))
    assert [answer.status for answer in answers] == [200] * 5
    peeked = await service.call("/v1/limits:peek", **SUBJECT)
    assert peeked["limits"][0]["remaining"] == 6


async def test_slots_come_back_by_cancelling_or_by_time(service: Any) -> None:
    """Guarantee 9."""
    await service.put("slots", algorithm="CONCURRENCY", limit=2, by=["user"])
    first = await service.call("/v1/limits:reserve", **SUBJECT, ttl=60)
    lost = await service.call("/v1/limits:reserve", **SUBJECT, ttl=1)
    denied = await service.call("/v1/limits:reserve", **SUBJECT)
    assert denied["reservation"] is None
    assert denied["verdict"]["deniedBy"] == "slots"
    await service.call("/v1/limits:cancel", reservation=first["reservation"])
    assert (await service.call("/v1/limits:reserve", **SUBJECT))["reservation"]
    assert (await service.call("/v1/limits:reserve", **SUBJECT))["reservation"] is None
    async with asyncio.timeout(20):
        while (await service.call("/v1/limits:reserve", **SUBJECT))["reservation"] is None:  # noqa: ASYNC110 - Valkey's clock is waited for
            await asyncio.sleep(0.1)
    assert (await service.post("/v1/limits:cancel", {"reservation": lost["reservation"]})).status == 409


async def test_a_shadow_counts_and_denies_nobody(service: Any) -> None:
    put = await service.put(
        "strict", algorithm="SLIDING_LOG", limit=2, period=HOUR, by=["user"], isShadow=True
    )
    answers = [await service.check(user="ada") for _ in range(4)]
    assert [answer.status for answer in answers] == [200] * 4
    assert "ratelimit" not in dict(answers[0].headers)
    waits = [json.loads(answer.body)["limits"][0]["wait"] for answer in answers]
    assert waits[:2] == [0, 0]
    assert min(waits[2:]) > 0
    promoted = "mutation ($id: ID!) { promoteRateLimitShadow(id: $id) { ... on RateLimitPolicy { isShadow version } } }"
    answer = await service.ask(promoted, id=put["id"])
    assert answer["data"]["promoteRateLimitShadow"] == {"isShadow": False, "version": 2}
    assert (await service.check(user="ada")).status == 429


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"namespace": "elsewhere", "descriptor": {}}, 404),
        ({"namespace": "shop", "descriptor": {}, "cost": 0}, 400),
        ({"namespace": "shop", "descriptor": {"user": ""}}, 400),
        ({"namespace": "shop", "descriptor": {"user": "x" * 257}}, 400),
        ({"namespace": "shop"}, 400),
        ({"namespace": "shop", "descriptor": {}, "cost": 1.5}, 400),
        ({"namespace": "shop", "descriptor": {}, "cost": 1.0}, 200),
        ({"namespace": "shop", "descriptor": {}, "cost": "1"}, 400),
        ([], 400),
    ],
)
async def test_what_cannot_be_asked_is_refused(service: Any, body: Any, status: int) -> None:
    assert (await service.post("/check", body)).status == status


async def test_only_those_who_may_decide_are_let_in(service: Any) -> None:
    issuer = service.issuer
    bearers = {
        None: 401,
        "Bearer wrong": 401,
        f"Bearer {issuer.token({'sub': 'ada', 'scope': 'graph'})}": 403,
        f"Bearer {issuer.token({'sub': 'ada', 'scope': CHECK_SCOPE})}": 200,
    }
    for path in ("/check", "/v1/limits:peek", "/v1/limits:reset"):
        for bearer, status in bearers.items():
            answer = await service.post(path, SUBJECT, bearer)
            assert answer.status == status, (path, bearer)
            assert (status == 401) == ("www-authenticate" in dict(answer.headers))


async def test_the_doors_are_documented(service: Any) -> None:
    document = service.app.openapi_schema.to_schema()
    assert {"/check", "/v1/limits:reserve", "/health/ready"} <= set(document["paths"])
    assert "Check" in document["components"]["schemas"]


DECLARED = {
    "namespace": "gate",
    "policies": [
        {"name": "rate", "algorithm": "TOKEN_BUCKET", "limit": 1, "period": 60, "burst": 2, "by": ["tenant"]},
        {"name": "quota", "algorithm": "FIXED_WINDOW", "limit": 3, "calendar": "MONTH", "by": ["tenant"]},
    ],
    "overrides": [{"policy": "rate", "pattern": "big", "limit": 5, "burst": 9}],
}


async def test_what_a_service_declares_is_in_force_and_declaring_it_again_changes_nothing(
    service: Any,
) -> None:
    assert await service.call("/v1/policies:declare", **DECLARED) == {"changed": 2}
    assert await service.call("/v1/policies:declare", **DECLARED) == {"changed": 0}
    for tenant, admitted in (("small", 2), ("big", 3)):
        asked = {"namespace": "gate", "descriptor": {"tenant": tenant}}
        answers = [await service.post("/check", asked) for _ in range(5)]
        assert sum(answer.status == 200 for answer in answers) == admitted


async def test_of_many_overrides_the_last_of_a_pattern_is_in_force(service: Any) -> None:
    many = [
        {"policy": "rate", "pattern": f"t{i % 990}", "limit": 1, "burst": 1 + i // 990} for i in range(1_000)
    ]
    await service.call("/v1/policies:declare", **{**DECLARED, "overrides": many})
    for tenant, admitted in (("t9", 2), ("t10", 1), ("other", 2)):
        asked = {"namespace": "gate", "descriptor": {"tenant": tenant}}
        answers = [await service.post("/check", asked) for _ in range(3)]
        assert sum(answer.status == 200 for answer in answers) == admitted


async def test_a_declaration_that_is_wrong_changes_nothing(service: Any) -> None:
    wrong = {**DECLARED, "overrides": [{"policy": "other", "pattern": "big", "limit": 5}]}
    assert (await service.post("/v1/policies:declare", wrong)).status == 404
    assert await service.call("/v1/policies:declare", **DECLARED) == {"changed": 2}
    only_checks = f"Bearer {service.issuer.token({'sub': 'ada', 'scope': CHECK_SCOPE})}"
    assert (await service.post("/v1/policies:declare", DECLARED, only_checks)).status == 403
    for nobody in (None, "Bearer wrong"):
        assert (await service.post("/v1/policies:declare", DECLARED, nobody)).status == 401
