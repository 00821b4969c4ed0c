"""A request that a page of another site could have a browser send is refused; one without a browser's signs is not."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from gateway.server.config import LOCAL
from gateway.server.config.http import Csrf

BODY = b'{"query":"{__typename}"}'
GET = {"query": "{__typename}"}
ANSWER = {"data": {"__typename": "Query"}}
ELSEWHERE = ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"})
ELSEWHERE += ({"sec-fetch-site": "same-site"}, {"sec-fetch-site": "cross-site", "origin": "http://router"})


def assert_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "CSRF_ERROR"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "Text/Plain; charset=utf-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
async def test_what_a_form_can_send_is_refused(client: httpx.AsyncClient, content_type: str) -> None:
    assert_refused(await client.post("/graphql", content=BODY, headers={"content-type": content_type}))


@pytest.mark.parametrize("headers", ELSEWHERE)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_simple_request_from_elsewhere_is_refused(
    client: httpx.AsyncClient, method: str, headers: dict[str, str]
) -> None:
    body = BODY if method == "POST" else None
    assert_refused(await client.request(method, "/graphql", params=GET, content=body, headers=headers))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://router"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "content-type": "application/json"},
        {"sec-fetch-site": "cross-site", "apollo-require-preflight": "yes"},
        {"origin": "https://app.example", "x-apollo-operation-name": "Q"},
    ],
)
async def test_a_get_that_cannot_be_forged_is_answered(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.get("/graphql", params=GET, headers=headers)).json() == ANSWER


@pytest.mark.parametrize("headers", ELSEWHERE)
async def test_json_from_elsewhere_is_answered_since_a_browser_asks_before(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post(
        "/graphql", content=BODY, headers=headers | {"content-type": "application/json"}
    )
    assert answer.json() == ANSWER


async def test_the_required_headers_are_those_of_the_configuration(
    make_router: Callable[..., Any], client_of: Callable[..., httpx.AsyncClient]
) -> None:
    config = msgspec.structs.replace(LOCAL, csrf=Csrf(required_headers=("X-Ours",)))
    async with client_of(make_router(config)) as client:
        forged = {"sec-fetch-site": "cross-site"}
        assert (await client.get("/graphql", params=GET, headers={**forged, "x-ours": "1"})).json() == ANSWER
        assert_refused(
            await client.get("/graphql", params=GET, headers={**forged, "apollo-require-preflight": "1"})
        )


async def test_prevention_can_be_switched_off(
    make_router: Callable[..., Any], client_of: Callable[..., httpx.AsyncClient]
) -> None:
    config = msgspec.structs.replace(LOCAL, csrf=Csrf(unsafe_disabled=True))
    async with client_of(make_router(config)) as client:
        answer = await client.get("/graphql", params=GET, headers={"sec-fetch-site": "cross-site"})
        assert answer.json() == ANSWER
