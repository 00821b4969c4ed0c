"""Requests to subgraphs are signed and compressed where the configuration says so."""

import gzip
import zlib
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
from strawberry.federation import Schema

from common.app import create_service, running
from common.auth.signatures import MessageVerifier
from common.settings import ServiceSettings, SettingsError, load
from common.telemetry import Telemetry
from gateway.server.config import parse_config
from tests.integration.server.graph import ReviewedProduct, SubgraphApp

QUERY = {"query": "{products(first: 1) {name reviews {body}}}"}
WHOLE = {"data": {"products": [{"name": "Chair", "reviews": [{"body": "Good Chair"}]}]}}
SECRET, OTHER = "s" * 32, "o" * 32
ISSUER = {"HANSA_ISSUER": "https://issuer.example", "HANSA_JWKS_URL": "http://127.0.0.1:9/jwks"}


class Settings(ServiceSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "reviews"


def service(keys: str) -> Any:
    return create_service(
        settings=load(Settings, ISSUER | {"HANSA_SIGNING_KEYS": keys}),
        telemetry=Telemetry("reviews", {}),
        schema=Schema(types=[ReviewedProduct]),
        context=lambda request: request,
    )


@pytest.fixture
async def reviews() -> AsyncIterator[Any]:
    """A service that answers only what the router has signed."""
    app = service(f"router={SECRET}")
    async with running(app):
        yield app


def signing(secret: str, key_id: str = "router") -> str:
    signature = f"message_signature: {{key_id: {key_id}, secret: {secret}}}"
    return f"authentication: {{subgraph: {{subgraphs: {{reviews: {{{signature}}}}}}}}}\n"


@pytest.mark.parametrize(
    ("config", "is_accepted"),
    [
        (signing(SECRET), True),
        (signing(SECRET).replace("subgraphs: {reviews: {", "all: {").replace("}}}}\n", "}}}\n"), True),
        (signing(OTHER), False),
        (signing(SECRET, "stranger"), False),
        ("", False),
    ],
)
async def test_a_service_that_wants_signatures_answers_the_router_only(
    make_router: Any, client_of: Any, reviews: Any, config: str, *, is_accepted: bool
) -> None:
    async with client_of(make_router(parse_config(config, {}), apps={"reviews": reviews})) as client:
        answer = (await client.post("/graphql", json=QUERY)).json()
    if is_accepted:
        assert answer == WHOLE
    else:
        assert answer["data"] == {"products": [{"name": "Chair", "reviews": None}]}


async def test_a_service_tells_why_it_refuses(client_of: Any, reviews: Any) -> None:
    async with client_of(reviews) as client:
        answer = await client.post("/graphql", json={"query": "{__typename}"})
        assert (await client.get("/health/live")).status_code == 200
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_SIGNATURE"


def test_keys_that_cannot_be_used_are_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match="HANSA_SIGNING_KEYS is malformed") as refused:
        service("router=hunter2")
    assert "hunter2" not in str(refused.value)


def test_a_secret_that_is_too_short_is_refused_by_the_subgraphs_name(make_router: Any) -> None:
    with pytest.raises(ValueError, match="'reviews': the secret of the key 'router' has less than 32 bytes"):
        make_router(parse_config(signing("short"), {}))


class Unpacking:
    """A subgraph that takes compressed requests; `codings` are those that came."""

    def __init__(self, app: SubgraphApp) -> None:
        self._app = app
        self.codings: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        coding = dict(scope["headers"]).get(b"content-encoding", b"identity").decode()
        self.codings.append(coding)
        assert dict(scope["headers"])[b"content-length"] == str(len(body)).encode()
        unpacked = {"gzip": gzip.decompress, "deflate": zlib.decompress, "identity": bytes}[coding](body)

        async def again() -> dict[str, Any]:
            return {"type": "http.request", "body": unpacked, "more_body": False}

        await self._app(scope, again, send)


LONG = "q" * 2000
RENAME = {
    "query": 'mutation R($name: String!) {rename(id: "1", name: $name) {name}}',
    "variables": {"name": LONG},
}


@pytest.mark.parametrize(
    ("shaping", "coding"),
    [
        ("all: {compression: gzip}", "gzip"),
        ("all: {compression: deflate}", "deflate"),
        ("all: {compression: gzip}, subgraphs: {products: {compression: identity}}", "identity"),
        ("all: {}", "identity"),
    ],
)
async def test_long_requests_are_compressed(
    make_router: Any, client_of: Any, subgraphs: dict[str, SubgraphApp], shaping: str, coding: str
) -> None:
    unpacking = Unpacking(subgraphs["products"])
    router = make_router(parse_config(f"traffic_shaping: {{{shaping}}}", {}), apps={"products": unpacking})
    async with client_of(router) as client:
        long = await client.post("/graphql", json=RENAME)
        short = await client.post("/graphql", json={"query": "{products(first: 1) {name}}"})
    assert long.json()["data"] == {"rename": {"name": LONG}}
    assert short.json()["data"]
    assert unpacking.codings == [coding, "identity"]


async def test_what_is_signed_is_the_body_as_it_is_sent(
    make_router: Any, client_of: Any, subgraphs: dict[str, SubgraphApp]
) -> None:
    unpacking = Unpacking(subgraphs["products"])
    verified = []

    async def verifying(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        pairs = [(name.decode(), value.decode()) for name, value in scope["headers"]]
        MessageVerifier({"router": SECRET}).verify("POST", pairs, message["body"])
        verified.append(message)

        async def again() -> Any:
            return message

        await unpacking(scope, again, send)

    config = signing(SECRET).replace("reviews", "products") + "traffic_shaping: {all: {compression: gzip}}"
    async with client_of(make_router(parse_config(config, {}), apps={"products": verifying})) as client:
        answer = await client.post("/graphql", json=RENAME)
    assert "errors" not in answer.json()
    assert (len(verified), unpacking.codings) == (1, ["gzip"])
