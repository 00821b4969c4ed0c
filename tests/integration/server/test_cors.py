"""Pages of other sites read answers where a policy names their origin, and nowhere else."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from gateway.server.app import create_router_app
from gateway.server.config import LOCAL, parse_config

APP = "https://app.example"
ClientWith = Callable[[str], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def client_with(make_router: Callable[..., Any], client_of: Callable[..., httpx.AsyncClient]) -> ClientWith:
    """A client of a router whose configuration has the given `cors`."""
    return lambda cors: client_of(
        create_router_app(make_router(replace(LOCAL, cors=parse_config(f"cors: {cors}", {}).cors)))
    )


def of_cors(answer: httpx.Response) -> dict[str, str]:
    return {
        name.removeprefix("access-control-"): value
        for name, value in answer.headers.items()
        if name.startswith("access-control-")
    }


async def ask(client: httpx.AsyncClient, origin: str) -> httpx.Response:
    return await client.post("/graphql", json={"query": "{__typename}"}, headers={"origin": origin})


async def preflight(client: httpx.AsyncClient, origin: str, headers: str = "content-type") -> httpx.Response:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": headers}
    return await client.options("/graphql", headers={"origin": origin, **asked})


async def test_without_a_policy_nothing_is_shared_and_a_preflight_is_no_request(
    client: httpx.AsyncClient,
) -> None:
    answer = await ask(client, APP)
    assert (answer.status_code, of_cors(answer)) == (200, {})
    assert "vary" not in answer.headers
    answer = await preflight(client, APP)
    assert (answer.status_code, of_cors(answer)) == (405, {})


async def test_the_origin_of_a_policy_is_named_and_no_other(client_with: ClientWith) -> None:
    async with client_with(f"{{policies: [{{origins: ['{APP}']}}]}}") as client:
        assert of_cors(await ask(client, APP)) == {"allow-origin": APP}
        assert of_cors(await preflight(client, APP)) == {
            "allow-origin": APP,
            "allow-methods": "GET, POST, OPTIONS",
            "allow-headers": "content-type",
        }
        for origin in ("https://app.example.evil", "http://app.example", "null", "https://app.example:8443"):
            answer, asked = await ask(client, origin), await preflight(client, origin)
            assert answer.json() == {"data": {"__typename": "Query"}}
            assert (of_cors(answer), of_cors(asked)) == ({}, {})
            assert answer.headers["vary"] == "Origin"
            assert asked.headers["vary"].startswith("Origin, ")


async def test_refusals_are_shared_too(client_with: ClientWith) -> None:
    async with client_with(f"{{policies: [{{origins: ['{APP}']}}]}}") as client:
        answer = await client.post("/graphql", content=b"{", headers={"origin": APP})
        assert (answer.status_code, of_cors(answer)) == (400, {"allow-origin": APP})
        answer = await client.patch("/graphql", headers={"origin": APP})
        assert (answer.status_code, of_cors(answer)) == (405, {"allow-origin": APP})


async def test_an_origin_may_match_a_pattern(client_with: ClientWith) -> None:
    async with client_with(r"{policies: [{match_origins: ['^https://[a-z]+\.app\.example$']}]}") as client:
        assert of_cors(await ask(client, "https://beta.app.example"))
        assert not of_cors(await ask(client, "https://beta.app.example.evil"))


async def test_the_first_policy_of_an_origin_decides_and_what_it_does_not_tell_is_everybodys(
    client_with: ClientWith,
) -> None:
    cors = """
      {max_age: 2h, expose_headers: [hansa-trace-id], allow_headers: [content-type], policies: [
        {origins: ['https://a.example'], allow_credentials: true, methods: [POST], max_age: 1m},
        {origins: ['https://b.example', 'https://a.example'], allow_headers: [], expose_headers: [x-own]}]}
    """
    async with client_with(cors) as client:
        assert of_cors(await ask(client, "https://a.example")) == {
            "allow-origin": "https://a.example",
            "allow-credentials": "true",
            "expose-headers": "hansa-trace-id",
        }
        assert of_cors(await preflight(client, "https://a.example", "x-any")) == {
            "allow-origin": "https://a.example",
            "allow-credentials": "true",
            "allow-methods": "POST",
            "allow-headers": "content-type",
            "max-age": "60",
        }
        assert of_cors(await ask(client, "https://b.example"))["expose-headers"] == "x-own"
        assert of_cors(await preflight(client, "https://b.example", "x-any")) == {
            "allow-origin": "https://b.example",
            "allow-methods": "GET, POST, OPTIONS",
            "allow-headers": "x-any",
            "max-age": "7200",
        }


async def test_any_origin_is_a_star(client_with: ClientWith) -> None:
    async with client_with("{allow_any_origin: true}") as client:
        answer = await ask(client, "null")
        assert of_cors(answer) == {"allow-origin": "*"}
        assert "vary" not in answer.headers
        assert of_cors(await preflight(client, APP))["allow-origin"] == "*"


async def test_options_without_a_preflights_headers_is_no_request(client_with: ClientWith) -> None:
    async with client_with(f"{{policies: [{{origins: ['{APP}']}}]}}") as client:
        assert (await client.options("/graphql", headers={"origin": APP})).status_code == 405
