"""A service's own tokens: asked for once at a time, renewed while the last one counts, and never asked for in vain for long."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
from litestar.types import Receive, Scope, Send

from common.auth.authorized_transport import AuthorizedTransport
from common.auth.client_credentials import ClientCredentials, TokenUnavailableError
from common.http import Request, open_transport
from common.settings import Secret
from tests.unit.auth.conftest import Clock

LIFE = 600.0


class TokenEndpoint:
    """Gives `t1`, `t2`, ..., or what it was told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, list[str]]]] = []
        self.answers: list[tuple[int, Any]] = []
        self.opened = asyncio.Event()
        self.opened.set()
        self.given = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]  # type: ignore[typeddict-item]  # a small body is one event
        headers = dict(scope["headers"])
        self.asked.append((headers[b"authorization"].decode(), parse_qs(body.decode())))
        await self.opened.wait()
        if self.answers:
            status, answer = self.answers.pop(0)
        else:
            self.given += 1
            status, answer = 200, {"access_token": f"t{self.given}", "expires_in": LIFE}
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode(), "more_body": False})


class Service:
    """Accepts the tokens that it was told to."""

    def __init__(self, *tokens: str) -> None:
        self.accepted = {f"Bearer {token}" for token in tokens}
        self.seen: list[str] = []

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        sent = [value.decode() for name, value in scope["headers"] if name == b"authorization"]
        self.seen += sent
        status = 200 if sent[0] in self.accepted else 401
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.fixture
def endpoint() -> TokenEndpoint:
    return TokenEndpoint()


@pytest.fixture
def credentials(endpoint: TokenEndpoint, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> ClientCredentials:
    monkeypatch.setattr("common.auth.client_credentials._PAUSE", 0)
    transport = open_transport("app://issuer/token", apps={"issuer": endpoint})
    return ClientCredentials(transport, "a client", Secret("p:w"), "one two", clock=clock)


def authorized(credentials: ClientCredentials, service: Service) -> AuthorizedTransport:
    return AuthorizedTransport(open_transport("app://service/", apps={"service": service}), credentials)


async def settled(credentials: ClientCredentials) -> None:
    """What is asked for meanwhile is there."""
    if credentials._asking is not None:
        await credentials._asking


async def test_the_client_shows_itself_by_basic_and_asks_for_its_scopes(
    endpoint: TokenEndpoint, credentials: ClientCredentials
) -> None:
    assert await credentials.token() == "t1"
    basic = base64.b64encode(b"a+client:p%3Aw").decode()
    assert endpoint.asked == [
        (f"Basic {basic}", {"grant_type": ["client_credentials"], "scope": ["one two"]})
    ]


async def test_a_token_is_kept_and_renewed_while_it_still_counts(
    endpoint: TokenEndpoint, credentials: ClientCredentials, clock: Clock
) -> None:
    assert await credentials.token() == "t1"
    clock.now += 0.79 * LIFE
    assert await credentials.token() == "t1"
    assert len(endpoint.asked) == 1
    clock.now += 0.02 * LIFE
    assert await credentials.token() == "t1"  # nobody waits for the next one
    await settled(credentials)
    assert await credentials.token() == "t2"


async def test_many_at_once_ask_once_and_one_that_gives_up_takes_nothing_from_the_others(
    endpoint: TokenEndpoint, credentials: ClientCredentials
) -> None:
    endpoint.opened.clear()
    first, *others = [asyncio.create_task(credentials.token()) for _ in range(20)]
    await asyncio.sleep(0)
    first.cancel()
    endpoint.opened.set()
    assert await asyncio.gather(*others) == ["t1"] * 19
    assert len(endpoint.asked) == 1


async def test_an_issuer_that_is_away_for_a_moment_is_asked_again(
    endpoint: TokenEndpoint, credentials: ClientCredentials
) -> None:
    endpoint.answers = [(503, {}), (500, {})]
    assert await credentials.token() == "t1"


async def test_one_that_stays_away_is_left_alone_for_a_moment(
    endpoint: TokenEndpoint, credentials: ClientCredentials, clock: Clock
) -> None:
    endpoint.answers = [(503, {})] * 3
    for _ in range(5):
        with pytest.raises(TokenUnavailableError, match=r"client a client gets no token: .* answered 503"):
            await credentials.token()
    assert len(endpoint.asked) == 3
    clock.now += 2
    assert await credentials.token() == "t1"


async def test_what_was_kept_is_used_while_the_issuer_is_away(
    endpoint: TokenEndpoint, credentials: ClientCredentials, clock: Clock
) -> None:
    await credentials.token()
    began = clock.now
    endpoint.answers = [(503, {})] * 100
    for seconds in (500, 560, 594):
        clock.now = began + seconds
        assert await credentials.token() == "t1"
        await settled(credentials)
    clock.now = began + 596
    with pytest.raises(TokenUnavailableError):
        await credentials.token()


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (401, {"error": "invalid_client"}, "401 invalid_client"),
        (400, {"error": "invalid_scope"}, "400 invalid_scope"),
        (200, {"access_token": "t", "expires_in": 0}, "no token"),
        (200, {"expires_in": 600}, "no token"),
        (404, [], "404"),
    ],
)
async def test_a_refusal_is_told_and_not_asked_for_again(
    endpoint: TokenEndpoint, credentials: ClientCredentials, status: int, answer: Any, said: str
) -> None:
    endpoint.answers = [(status, answer)]
    with pytest.raises(TokenUnavailableError, match=said):
        await credentials.token()
    assert len(endpoint.asked) == 1


async def test_a_request_goes_with_the_clients_token_in_place_of_any_other(
    credentials: ClientCredentials,
) -> None:
    service = Service("t1")
    transport = authorized(credentials, service)
    headers = (("authorization", "Bearer of the caller"), ("x", "1"))
    assert (await transport.send(Request(headers=headers))).status == 200
    assert service.seen == ["Bearer t1"]


async def test_a_token_that_counts_no_more_is_replaced_and_the_request_sent_again(
    credentials: ClientCredentials, clock: Clock
) -> None:
    service = Service("t2")
    transport = authorized(credentials, service)
    await credentials.token()
    clock.now += 30
    assert (await transport.send(Request())).status == 200
    assert service.seen == ["Bearer t1", "Bearer t2"]


async def test_a_service_that_accepts_no_token_does_not_have_the_issuer_asked_each_time(
    endpoint: TokenEndpoint, credentials: ClientCredentials, clock: Clock
) -> None:
    service = Service()
    transport = authorized(credentials, service)
    for _ in range(10):
        clock.now += 0.25
        assert (await transport.send(Request())).status == 401
    assert len(endpoint.asked) < 4


async def test_who_has_no_time_left_is_told_so(
    endpoint: TokenEndpoint, credentials: ClientCredentials
) -> None:
    endpoint.opened.clear()
    with pytest.raises(TokenUnavailableError, match="in time"):
        await authorized(credentials, Service()).send(Request(), timeout=0.01)
    endpoint.opened.set()
    await credentials.close()
