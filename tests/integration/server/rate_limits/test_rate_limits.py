"""Clients have so many operations; they are told how many are left and when to come again."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.server.config import ConfigError, parse_config
from tests.integration.server.graph import SubgraphApp
from tests.integration.server.issuer import ISSUER, Issuer

QUERY = {"query": "query Names {products {name}}"}
JWT = f"""
authentication:
  router:
    jwt:
      jwks: [{{url: app://identity/keys, issuers: [{ISSUER}]}}]
"""


def limits(*limit: str, more: str = "") -> str:
    lines = "".join(f"    - {{interval: 10h, {each}}}\n" for each in limit)
    return f"rate_limits:\n{more}  limits:\n{lines}"


@pytest.fixture
def client_with(make_router: Any, client_of: Any) -> Callable[..., httpx.AsyncClient]:
    return lambda text, **apps: client_of(make_router(parse_config(text, {}), apps=apps))


async def statuses(client: httpx.AsyncClient, *asked: dict[str, Any]) -> list[int]:
    return [(await client.post("/graphql", **each)).status_code for each in asked]


async def test_a_caller_has_its_own_operations_and_the_one_too_many_is_told_when_to_come_again(
    client_with: Any, redis_url: str, subgraphs: dict[str, SubgraphApp]
) -> None:
    issuer = Issuer()
    shared = f"  redis: {{urls: ['{redis_url}'], timeout: 20s}}\n"
    text = JWT + limits("name: user, key: [claim.sub], capacity: 2", more=shared)

    def ask(sub: str) -> dict[str, Any]:
        return {"json": QUERY, "headers": {"authorization": f"Bearer {issuer.token(sub=sub)}"}}

    async with client_with(text, identity=issuer) as client:
        answer = await client.post("/graphql", **ask("u1"))
        assert answer.headers["ratelimit-policy"] == '"user";q=2;w=36000'
        assert answer.headers["ratelimit"] in ('"user";r=1;t=18000', '"user";r=1;t=17999')
        assert await statuses(client, ask("u1"), ask("u2"), ask("u2")) == [200, 200, 200]
        refused = await client.post("/graphql", **ask("u1"))
    assert refused.status_code == 429
    assert 17_900 < int(refused.headers["retry-after"]) <= 18_000
    assert refused.headers["ratelimit"].startswith('"user";r=0;t=')
    assert refused.headers["ratelimit-policy"] == '"user";q=2;w=36000'
    (error,) = refused.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMIT_EXCEEDED", "limit": "user"}
    assert error["message"] == "The limit user is used up"
    assert len(subgraphs["products"].requests) == 4


async def test_what_is_refused_is_not_prepared(client_with: Any) -> None:
    async with client_with(limits("name: all, key: [client_address], capacity: 1")) as client:
        answers = [await client.post("/graphql", json={"query": "{"}) for _ in range(2)]
    assert [answer.json()["errors"][0]["extensions"]["code"] for answer in answers] == [
        "PARSING_ERROR",
        "RATE_LIMIT_EXCEEDED",
    ]


@pytest.mark.parametrize(
    ("key", "first", "same", "other"),
    [
        ("header.X-Key", {"x-key": "a"}, {"X-Key": "a"}, {"x-key": "b"}),
        ("claim.sub|header.x-key", {"x-key": "a"}, {"x-key": "a"}, {"x-key": "b"}),
        ("header.x-key|client_address", {}, {"x-other": "1"}, {"x-key": "b"}),
    ],
)
async def test_keys(
    client_with: Any, key: str, first: dict[str, str], same: dict[str, str], other: dict[str, str]
) -> None:
    async with client_with(limits(f"name: k, key: ['{key}'], capacity: 1")) as client:
        asked = [{"json": QUERY, "headers": headers} for headers in (first, same, other)]
        assert await statuses(client, *asked) == [200, 429, 200]


async def test_an_operation_is_known_by_its_name_also_where_the_client_does_not_tell_it(
    client_with: Any,
) -> None:
    text = limits("name: op, key: [client_address, operation_name], capacity: 1")
    other = {"query": "query Others {products {name}}"}
    told = {**QUERY, "operationName": "Names"}
    async with client_with(text) as client:
        asked = [{"json": body} for body in (QUERY, told, other)]
        assert await statuses(client, *asked) == [200, 429, 200]


async def test_several_limits_are_told_together(client_with: Any) -> None:
    text = limits("name: a, key: [client_address], capacity: 5", "name: b, key: [header.x], capacity: 1")
    async with client_with(text) as client:
        first, second, third = [await client.post("/graphql", json=QUERY) for _ in range(3)]
    assert first.headers["ratelimit-policy"] == '"a";q=5;w=36000, "b";q=1;w=36000'
    assert [each["extensions"]["limit"] for each in second.json()["errors"]] == ["b"]
    for refused in (second, third):  # nothing was charged for them
        assert refused.headers["ratelimit"].startswith('"a";r=4;')


async def test_each_operation_of_a_batch_counts(client_with: Any) -> None:
    text = limits("name: a, key: [client_address], capacity: 2") + "batching: {enabled: true}\n"
    async with client_with(text) as client:
        answer = await client.post("/graphql", json=[QUERY, QUERY, QUERY])
    assert answer.status_code == 200
    assert sum("errors" in entry for entry in answer.json()) == 1
    assert answer.headers["ratelimit"].startswith('"a";r=0;')


@pytest.mark.parametrize(("on_failure", "status"), [("allow", 200), ("deny", 503)])
async def test_without_its_valkey_a_router_does_what_the_configuration_says(
    client_with: Any, on_failure: str, status: int
) -> None:
    more = f"  redis: {{urls: ['redis://127.0.0.1:1']}}\n  on_failure: {on_failure}\n"
    async with client_with(limits("name: a, key: [client_address], capacity: 1", more=more)) as client:
        answers = [await client.post("/graphql", json=QUERY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status] * 3
    assert "ratelimit" not in answers[0].headers
    if status == 503:
        assert answers[0].headers["retry-after"] == "1"
        assert answers[0].json()["errors"][0]["extensions"]["code"] == "RATE_LIMITS_UNAVAILABLE"


async def test_no_key_can_be_read_or_made_up_from_another(client_with: Any, redis_url: str) -> None:
    import redis.asyncio

    shared = f"  redis: {{urls: ['{redis_url}'], timeout: 20s}}\n"
    text = limits("name: k, key: [header.x-a, header.x-b], capacity: 1", more=shared)
    headers = [
        {"x-a": "secret", "x-b": ""},
        {"x-a": "", "x-b": "secret"},
        {"x-a": "v", "x-b": "w"},
        {"x-a": "vheader.x-bw"},
    ]
    async with client_with(text) as client:
        assert await statuses(client, *[{"json": QUERY, "headers": each} for each in headers]) == [200] * 4
    async with redis.asyncio.Redis.from_url(redis_url, decode_responses=True) as valkey:
        keys = await valkey.keys("*")
    assert len(keys) == 4
    assert all(key.startswith("{rate}:k:") and "secr" not in key for key in keys)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("name: a, key: [claims.sub], capacity: 1", "key"),
        ("name: a, key: [], capacity: 1", "key"),
        ("name: 'a b', key: [client_address], capacity: 1", "name"),
        ("name: a, key: [client_address], capacity: 0", "capacity"),
    ],
)
def test_a_limit_that_cannot_be_kept_is_refused(limit: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        parse_config(limits(limit), {})
    assert refused.value.line == 3


def test_two_limits_of_one_name_are_refused() -> None:
    one = "name: a, key: [client_address], capacity: 1"
    with pytest.raises(ConfigError, match="Another limit has the name `a`"):
        parse_config(limits(one, one), {})
