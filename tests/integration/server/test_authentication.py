"""Who is let in: access tokens by JWKS, each refusal with its reason."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from gateway.server.config import RouterConfig, parse_config
from tests.integration.server.graph import respond

ISSUER = "https://identity.test"
CONFIG = f"""
authentication:
  router:
    jwt:
      jwks:
        - url: app://identity/jwks.json
          issuers: [{ISSUER}, https://second.test]
          audiences: [hansa]
headers:
  all:
    request:
      - propagate: {{named: authorization}}
"""


class Issuer:
    """Publishes the public half of its keys as an ASGI app and signs tokens with the newest."""

    def __init__(self) -> None:
        self.keys: list[ECKey] = []
        self.fetches = 0
        self.rotate()

    def rotate(self) -> None:
        parameters = {"kid": f"key-{len(self.keys)}", "alg": "ES256", "use": "sig"}
        self.keys.append(ECKey.generate_key("P-256", parameters))

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.fetches += 1
        await respond(send, msgspec.json.encode({"keys": [key.as_dict(private=False) for key in self.keys]}))

    def token(self, *, header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
        signing = key or self.keys[-1]
        headers = {"alg": "ES256", "typ": "at+jwt", "kid": self.keys[-1].kid, **(header or {})}
        now = int(time.time())
        body = {"iss": ISSUER, "aud": "hansa", "sub": "u1", "iat": now, "exp": now + 60, **claims}
        return jwt.encode(headers, body, signing, algorithms=["ES256", "HS256", "none"])


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def config() -> RouterConfig:
    return parse_config(CONFIG, {})


@pytest.fixture
def ask(make_router: Any, client_of: Any, issuer: Issuer, config: RouterConfig) -> Callable[..., Any]:
    router = make_router(config, apps={"identity": issuer})

    async def send(*authorization: str, query: str = "{headers}") -> httpx.Response:
        headers = [("authorization", value) for value in authorization]
        async with client_of(router) as client:
            return await client.post("/graphql", json={"query": query}, headers=headers)

    return send


async def test_without_a_token_the_caller_is_anonymous(ask: Any) -> None:
    answer = await ask()
    assert answer.status_code == 200
    assert "errors" not in answer.json()


async def test_a_good_token_passes_and_reaches_the_subgraph(ask: Any, issuer: Issuer) -> None:
    token = f"Bearer {issuer.token()}"
    answer = await ask(token)
    assert f"authorization: {token}" in answer.json()["data"]["headers"]


async def test_each_configured_issuer_is_accepted(ask: Any, issuer: Issuer) -> None:
    answer = await ask(f"Bearer {issuer.token(iss='https://second.test')}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": 1}, "EXPIRED"),
        ({"nbf": int(time.time()) + 1000}, "EXPIRED"),
        ({"aud": "another"}, "WRONG_AUDIENCE"),
        ({"iss": "https://another.test"}, "WRONG_ISSUER"),
        ({"header": {"alg": "none"}}, "WRONG_ALGORITHM"),
        ({"header": {"alg": "HS256"}, "key": OctKey.import_key("secret" * 8)}, "WRONG_ALGORITHM"),
        ({"header": {"kid": "unknown"}}, "UNKNOWN_KEY"),
        ({"header": {"typ": "JWT"}}, "WRONG_TYPE"),
        ({"key": ECKey.generate_key("P-256")}, "BAD_SIGNATURE"),
    ],
)
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # weak tokens are the subject
async def test_a_token_that_does_not_count_is_401_with_its_reason(
    ask: Any, issuer: Issuer, subgraphs: dict[str, Any], claims: dict[str, Any], reason: str
) -> None:
    answer = await ask(f"Bearer {issuer.token(**claims)}")
    assert answer.status_code == 401
    extensions = answer.json()["errors"][0]["extensions"]
    assert extensions == {"code": "UNAUTHENTICATED", "reason": reason}
    assert answer.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
    assert "hansa-trace-id" in answer.headers
    assert subgraphs["products"].requests == []


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic dTpw", ""])
async def test_a_header_without_a_token_is_401(ask: Any, value: str) -> None:
    answer = await ask(value)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["reason"] == "MALFORMED"


async def test_two_authorization_headers_are_refused_so_that_what_is_sent_on_is_what_was_verified(
    ask: Any, issuer: Issuer
) -> None:
    assert (await ask(f"Bearer {issuer.token()}", "Bearer forged")).status_code == 401


async def test_a_rotated_key_is_found_without_a_restart(ask: Any, issuer: Issuer) -> None:
    old = issuer.token()
    issuer.rotate()
    for token in (issuer.token(), old):
        assert (await ask(f"Bearer {token}")).status_code == 200
    assert issuer.fetches == 1


async def test_the_keys_are_fetched_once_for_many_requests(ask: Any, issuer: Issuer) -> None:
    for _ in range(5):
        await ask(f"Bearer {issuer.token()}")
    assert issuer.fetches == 1


async def test_an_issuer_that_was_never_reached_is_503(
    make_router: Any, client_of: Any, config: RouterConfig
) -> None:
    async def broken(_scope: Any, _receive: Any, send: Any) -> None:
        await respond(send, b"<html>", b"text/html")

    async with client_of(make_router(config, apps={"identity": broken})) as client:
        headers = {"authorization": f"Bearer {Issuer().token()}"}
        answer = await client.post("/graphql", json={"query": "{__typename}"}, headers=headers)
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "KEYS_UNAVAILABLE"


async def test_without_a_configuration_a_token_means_nothing(make_router: Any, client_of: Any) -> None:
    async with client_of(make_router()) as client:
        answer = await client.post(
            "/graphql", json={"query": "{__typename}"}, headers={"authorization": "Bearer whatever"}
        )
    assert answer.status_code == 200
