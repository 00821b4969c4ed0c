"""Keys, scopes, limits and the tenant's share: who is let in, and which rule says no."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from common.http import Request, open_transport
from tests.integration.proxy.control import KEY, Control, configuration
from tests.integration.proxy.gateways import Gateway, gateway, until
from tests.integration.proxy.upstreams import OK, Seen, Server, server

LIMITER = {"HANSA_RATELIMIT_URL": "app://limiter", "HANSA_RATELIMIT_TOKEN": "limiter-token"}


class Limiter:
    """A rate limiter's door that gives each descriptor `most`; the real one has its own tests, and is in the load run."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.asked: list[dict[str, Any]] = []
        self.is_down = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["path"] == "/v1/limits:checkMany"
        checks = json.loads((await receive())["body"])["checks"]
        verdicts = []
        for check in checks:
            self.asked.append(check)
            left = self.most - self.asked.count(check)
            state = {
                "policy": "per-key",
                "limit": self.most,
                "remaining": max(left, 0),
                "reset": 60.0,
                "wait": 0.0 if left >= 0 else 30.0,
                "shadow": False,
            }
            verdicts.append(
                {
                    "allowed": left >= 0,
                    "degraded": False,
                    "limits": [state],
                    "deniedBy": None if left >= 0 else "per-key",
                    "retryAfter": None if left >= 0 else 30.0,
                }
            )
        body = json.dumps({"verdicts": verdicts}).encode()
        status = 503 if self.is_down else 200
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-length", str(len(body)).encode())],
            }
        )
        await send({"type": "http.response.body", "body": body})


async def status_of(proxy: Gateway, path: str = "/keyed", key: str = KEY) -> int:
    return (await proxy.ask(path, key=key)).status


@pytest.mark.parametrize("header", [("Authorization", f"Bearer {KEY}"), ("X-API-Key", KEY)])
async def test_a_key_is_shown_in_either_header_and_not_to_the_upstream(
    proxy: Gateway, header: tuple[str, str]
) -> None:
    reply = await proxy.ask("/keyed", headers=[header])
    assert reply.status == 200
    assert KEY not in [value for _, value in reply.seen]
    assert ("x-hansa-key", f"id-{KEY}") in reply.seen


@pytest.mark.parametrize(
    "header", [("Authorization", "Basic x"), ("X-API-Key", "wrong"), ("Cookie", f"key={KEY}")]
)
async def test_what_is_no_key_is_refused(proxy: Gateway, header: tuple[str, str]) -> None:
    reply = await proxy.ask("/keyed", headers=[header])
    assert (reply.status, reply.json["policy"]) == (401, "key")
    assert reply.headers["content-type"] == "application/problem+json"


async def test_where_no_key_is_needed_an_authorization_is_the_upstreams(proxy: Gateway) -> None:
    reply = await proxy.ask("/", headers=[("Authorization", "Basic abc")])
    assert ("authorization", "Basic abc") in reply.seen


async def test_a_key_of_another_tenant_does_not_count(proxy: Gateway, control: Control) -> None:
    control.issue("theirs", tenant="other")
    assert await status_of(proxy, key="theirs") == 401


async def test_an_expired_key_does_not_count(proxy: Gateway, control: Control) -> None:
    control.issue("old", expires_at=time.time() - 1)
    control.issue("new", expires_at=time.time() + 60)
    reply = await proxy.ask("/keyed", key="old")
    assert (reply.status, reply.json["title"]) == (401, "The key has expired")
    assert await status_of(proxy, key="new") == 200


async def test_a_key_whose_facts_do_not_fit_is_no_key_and_harms_no_other(
    proxy: Gateway, control: Control
) -> None:
    for number in range(5):
        control.issue(f"odd-{number}", consumer="line\r\nbreak")
        assert await status_of(proxy, key=f"odd-{number}") == 401
    assert await status_of(proxy) == 200


async def test_a_revoked_key_is_refused_within_a_second(proxy: Gateway, control: Control) -> None:
    assert await status_of(proxy) == 200
    control.revoke(KEY)
    told = time.monotonic()
    await until(lambda: _is(proxy, 401))
    assert time.monotonic() - told < 1 + 2  # on a busy machine


async def test_a_new_key_counts_though_it_was_unknown(proxy: Gateway, control: Control) -> None:
    assert await status_of(proxy, key="coming") == 401
    control.issue("coming")
    await until(lambda: _is(proxy, 200, key="coming"))


async def test_with_the_feed_cut_a_revoked_key_is_refused_after_the_ttl(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    control.set(configuration(upstream.url))
    control.issue(KEY)
    async with gateway(control, tmp_path, HANSA_PROXY_KEY_TTL="1") as proxy:
        assert await status_of(proxy) == 200
        control.is_down = True
        control.revoke(KEY)
        cut = time.monotonic()
        assert await status_of(proxy) == 200, "nobody could know"
        await until(lambda: _is(proxy, 503))
        assert time.monotonic() - cut < 1 + 2  # a question that was held back is answered first
        control.is_down = False
        await until(lambda: _is(proxy, 401))


async def test_a_scope_that_is_missing_is_named(control: Control, upstream: Server, tmp_path: Path) -> None:
    document = configuration(upstream.url)
    document["policies"]["keyed"] = {"scopes": ["read", "write"]}
    control.set(document)
    control.issue(KEY, scopes=frozenset({"read"}))
    control.issue("both", scopes=frozenset({"read", "write"}))
    async with gateway(control, tmp_path) as proxy:
        reply = await proxy.ask("/keyed", key=KEY)
        assert (reply.status, reply.json["policy"], reply.json["missing_scopes"]) == (
            403,
            "scopes",
            ["write"],
        )
        assert 'scope="read write"' in reply.headers["www-authenticate"]
        assert await status_of(proxy, key="both") == 200


@pytest.mark.parametrize(("without", "status"), [("admit", 200), ("refuse", 503)])
async def test_limits_are_charged_by_key_and_tenant(
    control: Control, upstream: Server, tmp_path: Path, without: str, status: int
) -> None:
    document = configuration(upstream.url)
    attributes = ["tenant", "plan", "key", "route"]
    document["policies"]["keyed"] = {
        "limits": {"attributes": attributes, "cost": 2, "without_limiter": without}
    }
    control.set(document)
    control.issue(KEY)
    limiter = Limiter(3)
    async with gateway(control, tmp_path, apps={"limiter": limiter}, **LIMITER) as proxy:
        replies = [await proxy.ask("/keyed", key=KEY) for _ in range(5)]
        assert [reply.status for reply in replies] == [200] * 3 + [429] * 2
        assert replies[0].headers["ratelimit"] == '"per-key";r=2;t=60'
        denied = replies[-1]
        assert (denied.json["policy"], denied.json["limit"]) == ("limits", "per-key")
        assert 0 < int(denied.headers["retry-after"]) <= 30
        descriptor = {"tenant": "acme", "plan": "free", "key": f"id-{KEY}", "route": "keyed"}
        assert limiter.asked[0] == {"namespace": "tenants", "descriptor": descriptor, "cost": 2}
        assert len(limiter.asked) == 4, "a denial is remembered"
        limiter.is_down = True
        control.issue("other")
        assert await status_of(proxy, key="other") == status
    assert len(upstream.seen) == (4 if status == 200 else 3)


async def test_a_tenant_and_a_consumer_have_their_shares(control: Control, tmp_path: Path) -> None:
    may_answer = asyncio.Event()

    async def wait(_: Seen, __: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        writer.write(OK)

    async with server(wait) as upstream:
        control.set(configuration(upstream.url, concurrency=3, plans={"free": {"concurrency": 2}}))
        control.issue(KEY)
        control.issue("bob", consumer="bob")
        async with gateway(control, tmp_path) as proxy:
            asking = [asyncio.create_task(proxy.ask("/keyed", key=KEY)) for _ in range(2)]
            await until(lambda: len(upstream.seen) == 2)
            reply = await proxy.ask("/keyed", key=KEY)
            assert (reply.status, reply.json["policy"]) == (429, "concurrency")
            asking.append(asyncio.create_task(proxy.ask("/keyed", key="bob")))
            await until(lambda: len(upstream.seen) == 3)
            assert (await proxy.ask("/")).status == 429
            may_answer.set()
            assert [reply.status for reply in await asyncio.gather(*asking)] == [200] * 3
            assert [await status_of(proxy) for _ in range(5)] == [200] * 5


async def test_a_page_of_an_allowed_origin_may_ask_and_read(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    document = configuration(upstream.url)
    document["policies"]["keyed"]["cors"] = {"origins": ["https://app.example.com"], "headers": ["x-api-key"]}
    control.set(document)
    async with gateway(control, tmp_path) as proxy:
        origin = ("Origin", "https://app.example.com")
        asked = [origin, ("Access-Control-Request-Method", "GET")]
        reply = await proxy.ask("/keyed", method="OPTIONS", headers=asked)
        assert reply.status == 204
        assert reply.headers["access-control-allow-origin"] == "https://app.example.com"
        assert reply.headers["access-control-allow-headers"] == "x-api-key"
        assert upstream.seen == []
        refused = await proxy.ask("/keyed", headers=[origin])
        assert refused.status == 401
        assert refused.headers["access-control-allow-origin"] == "https://app.example.com"
        other = await proxy.ask("/keyed", headers=[("Origin", "https://evil.example.com")])
        assert "access-control-allow-origin" not in other.headers


async def test_a_path_for_other_methods_says_which(
    control: Control, upstream: Server, tmp_path: Path
) -> None:
    document = configuration(upstream.url)
    document["routes"] = [
        {"name": "a", "prefix": "/a", "methods": ["GET", "PUT"], "upstream": "main", "policy": "open"}
    ]
    control.set(document)
    async with gateway(control, tmp_path) as proxy:
        reply = await proxy.ask("/a", method="POST", body=b"")
        assert (reply.status, reply.headers["allow"], reply.json["policy"]) == (405, "GET, PUT", "method")
        assert (await proxy.ask("/b")).json["policy"] == "route"
        assert (await proxy.ask("/a", host="other.example.com")).json["policy"] == "host"


async def test_another_gateway_can_ask_whether_a_request_may_pass(proxy: Gateway) -> None:
    transport = open_transport("app://doors", apps={"doors": proxy.running.doors})

    async def authorise(**headers: str) -> tuple[int, dict[str, str]]:
        given = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        asked = (("x-forwarded-host", "api.example.com"), ("x-original-method", "GET"), *given)
        response = await transport.send(Request("/auth", method="GET", headers=asked))
        return response.status, dict(response.headers)

    assert (await authorise(x_original_uri="/"))[0] == 204
    assert (await authorise(x_original_uri="/keyed?a=b"))[0] == 401
    status, headers = await authorise(x_original_uri="/keyed?a=b", x_api_key=KEY)
    assert (status, headers["x-hansa-consumer"]) == (204, "ada")
    status, headers = await authorise(x_original_uri="/a/../keyed")
    assert (status, headers["x-hansa-status"], headers["x-hansa-policy"]) == (403, "400", "path")
    await transport.close()


async def test_operators_have_doors_of_their_own(proxy: Gateway) -> None:
    transport = open_transport("app://doors", apps={"doors": proxy.running.doors})
    await proxy.ask("/a//b")
    await proxy.ask("/")
    for path in ("/health/live", "/health/ready"):
        assert (await transport.send(Request(path, method="GET"))).status == 200
    metrics = (await transport.send(Request("/metrics", method="GET"))).body.decode()
    assert 'hansa_proxy_refusals_total{policy="path",tenant="unknown"} 1.0' in metrics
    assert 'http_server_request_duration_seconds_count{status="200",tenant="acme"} 1.0' in metrics
    assert (await transport.send(Request("/nothing", method="GET"))).status == 404
    await transport.close()


async def _is(proxy: Gateway, status: int, key: str = KEY) -> bool:
    return await status_of(proxy, key=key) == status
