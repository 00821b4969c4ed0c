"""A subgraph is sent a token of its own, asked for once in a while however many requests there are."""

import asyncio
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from common.http import ASGIApp, Request, Response, TransportError, open_transport
from gateway.server.config.access import TokenExchange
from gateway.server.traffic.token_exchange import Exchanger, ExchangingTransport

CONFIG = TokenExchange(url="app://issuer/oauth/token", client_secret="s:ecret", client_id="router")
ASKED = Request(headers=(("x-first", "1"), ("authorization", "Bearer alice"), ("x-last", "2")))


class Issuer:
    """Gives `NAME@AUDIENCE` for NAME."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[dict[str, list[str]]] = []
        self.credentials: list[str] = []
        self.body: bytes | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        fields = parse_qs((await receive())["body"].decode())
        self.asked.append(fields)
        self.credentials.append(dict(scope["headers"])[b"authorization"].decode())
        await asyncio.sleep(0.01)
        token = f"{fields['subject_token'][0]}@{fields['audience'][0]}"
        body = self.body or msgspec.json.encode({"access_token": token, "expires_in": 60, "more": 1})
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": body})


async def echo(scope: Any, _receive: Any, send: Any) -> None:
    """A subgraph that answers with the headers it was sent, but for those of the connection."""
    headers = [(name.decode(), value.decode()) for name, value in scope["headers"]][2:]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": msgspec.json.encode(headers)})


class Way:
    """The transport to the subgraph `ships`, its issuer and its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.issuer = Issuer()
        apps: dict[str, ASGIApp] = {"issuer": self.issuer, "ships": echo}
        inner = open_transport("app://ships/graphql", apps=apps)
        issuer = open_transport(CONFIG.url, apps=apps)
        self.transport = ExchangingTransport(
            inner, Exchanger("ships", CONFIG, issuer, clock=lambda: self.now)
        )

    async def send(self, request: Request = ASKED) -> dict[str, str]:
        return sent(await self.transport.send(request))


def sent(answer: Response) -> dict[str, str]:
    return dict(msgspec.json.decode(answer.body, type=list[tuple[str, str]]))


@pytest.fixture
def way() -> Way:
    return Way()


async def test_the_callers_token_stays_here(way: Way) -> None:
    assert await way.send() == {"x-first": "1", "authorization": "Bearer alice@ships", "x-last": "2"}
    assert way.issuer.asked == [
        {
            "grant_type": ["urn:ietf:params:oauth:grant-type:token-exchange"],
            "subject_token": ["alice"],
            "subject_token_type": ["urn:ietf:params:oauth:token-type:access_token"],
            "audience": ["ships"],
        }
    ]
    assert way.issuer.credentials == ["Basic cm91dGVyOnMlM0FlY3JldA=="]  # router:s%3Aecret


@pytest.mark.parametrize("headers", [(), (("authorization", "Basic YTpi"),)])
async def test_what_is_no_callers_token_goes_as_it_is(way: Way, headers: tuple[tuple[str, str], ...]) -> None:
    assert await way.send(Request(headers=headers)) == dict(headers)
    assert way.issuer.asked == []


async def test_many_requests_at_once_are_one_exchange_and_each_caller_has_its_own(way: Way) -> None:
    bob = Request(headers=(("authorization", "bearer  bob"),))
    answers = await asyncio.gather(*(way.send(request) for request in [ASKED, bob] * 10))
    assert {answer["authorization"] for answer in answers} == {"Bearer alice@ships", "Bearer bob@ships"}
    assert len(way.issuer.asked) == 2


async def test_a_token_is_used_until_shortly_before_it_expires(way: Way) -> None:
    await way.send()
    way.now = 49.0
    await way.send()
    assert len(way.issuer.asked) == 1
    way.now = 51.0
    await way.send()
    assert len(way.issuer.asked) == 2


async def test_who_gives_up_takes_nobody_along(way: Way) -> None:
    first = asyncio.create_task(way.send())
    second = asyncio.create_task(way.send())
    await asyncio.sleep(0)
    first.cancel()
    assert (await second)["authorization"] == "Bearer alice@ships"
    assert len(way.issuer.asked) == 1


@pytest.mark.parametrize(("status", "body"), [(400, None), (503, None), (200, b"{}"), (200, b"no JSON")])
async def test_without_an_exchange_nothing_is_sent_and_the_next_tries_again(
    way: Way, status: int, body: bytes | None
) -> None:
    way.issuer.status, way.issuer.body = status, body
    with pytest.raises(TransportError) as failure:
        await way.send()
    assert failure.value.code == "TOKEN_EXCHANGE_FAILED"
    way.issuer.status, way.issuer.body = 200, None
    assert (await way.send())["authorization"] == "Bearer alice@ships"


async def test_what_is_remembered_is_bounded(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.server.traffic.token_exchange._REMEMBERED", 2)
    for name in ("a", "b", "c", "a"):
        await way.send(Request(headers=(("authorization", f"Bearer {name}"),)))
    assert [fields["subject_token"] for fields in way.issuer.asked] == [["a"], ["b"], ["c"], ["a"]]
