"""Who is let in: access tokens by JWKS, each refusal with its reason."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey

from gateway.server.config import RouterConfig, parse_config
from gateway.supergraph import Supergraph
from tests.integration.server.graph import respond
from tests.integration.server.issuer import ISSUER, Issuer

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
        ({"nbf": 4_000_000_000}, "EXPIRED"),
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


def configured(jwt: str, jwks: str = "") -> RouterConfig:
    keys = f"{{url: app://identity/jwks.json, issuers: [{ISSUER}], audiences: [hansa]{jwks}}}"
    return parse_config(
        f"authentication: {{router: {{jwt: {{jwks: [{keys}], {jwt}}}}}}}\n"
        "headers: {all: {request: [{insert: {name: x-sub, claim: sub}}]}}",
        {},
    )


@pytest.fixture
def subject_of(make_router: Any, client_of: Any, issuer: Issuer) -> Callable[..., Any]:
    """Whom the subgraph is told, of a request with some headers under a configuration; else the status."""

    async def ask(config: RouterConfig, *headers: tuple[str, str]) -> str | int | None:
        async with client_of(make_router(config, apps={"identity": issuer})) as client:
            answer = await client.post("/graphql", json={"query": "{headers}"}, headers=list(headers))
        if answer.status_code != 200:
            return int(answer.status_code)
        found = [line for line in answer.json()["data"]["headers"] if line.startswith("x-sub: ")]
        return found[0].removeprefix("x-sub: ") if found else None

    return ask


async def test_a_token_is_found_in_a_header_of_another_name_and_prefix(
    subject_of: Any, issuer: Issuer
) -> None:
    config = configured("header_name: X-Token, header_value_prefix: Token")
    assert await subject_of(config, ("x-token", f"token {issuer.token()}")) == "u1"
    assert await subject_of(config, ("x-token", f"Bearer {issuer.token()}")) == 401
    assert await subject_of(config, ("authorization", f"Bearer {issuer.token()}")) is None
    bare = configured("header_value_prefix: ''")
    assert await subject_of(bare, ("authorization", issuer.token())) == "u1"


async def test_sources_are_tried_in_their_order(subject_of: Any, issuer: Issuer) -> None:
    config = configured("sources: [{type: header, name: X-Auth}, {type: cookie, name: authz}]")
    first, second = issuer.token(sub="first"), issuer.token(sub="second")
    cookie = ("cookie", f"other=1; authz={second}; xauthz=3")
    assert await subject_of(config, cookie) == "second"
    assert await subject_of(config, ("x-auth", f"Bearer {first}"), cookie) == "first"
    assert await subject_of(config, ("authorization", f"Bearer {issuer.token()}"), cookie) == "u1"
    assert await subject_of(config, ("cookie", "xauthz=3; Authz=4")) is None
    assert await subject_of(config, ("cookie", f"authz={first}"), ("cookie", f"authz={second}")) == 401
    prefixed = configured("sources: [{type: cookie, name: authz, value_prefix: JWT}]")
    assert await subject_of(prefixed, ("cookie", f'authz="JWT {first}"')) == "first"
    assert await subject_of(prefixed, ("cookie", f"authz={first}")) == 401


async def test_other_prefixes_may_be_ignored(subject_of: Any, issuer: Issuer) -> None:
    config = configured("ignore_other_prefixes: true, sources: [{type: cookie, name: authz}]")
    assert await subject_of(config, ("authorization", "Basic dTpw")) is None
    assert (
        await subject_of(config, ("authorization", "Basic dTpw"), ("cookie", f"authz={issuer.token()}"))
        == "u1"
    )
    assert await subject_of(config, ("authorization", "Bearer ")) == 401


async def test_a_token_that_does_not_count_may_make_its_caller_anonymous(
    subject_of: Any, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    config = configured("on_error: Continue")
    assert await subject_of(config, ("authorization", f"Bearer {issuer.token(exp=1)}")) is None
    assert "has expired" in caplog.text
    assert await subject_of(config, ("authorization", f"Bearer {issuer.token()}")) == "u1"


async def test_each_key_set_vouches_for_its_own_issuers(make_router: Any, client_of: Any) -> None:
    issuers = {"one": Issuer(), "two": Issuer()}
    sets = ", ".join(
        f"{{url: app://{name}/keys, issuers: [https://{name}.test], audiences: [hansa]}}" for name in issuers
    )
    config = parse_config(f"authentication: {{router: {{jwt: {{jwks: [{sets}]}}}}}}", {})
    async with client_of(make_router(config, apps=issuers)) as client:

        async def status(signer: str, named: str) -> int:
            token = issuers[signer].token(iss=f"https://{named}.test", header={"kid": "key-0"})
            headers = {"authorization": f"Bearer {token}"}
            return int(
                (await client.post("/graphql", json={"query": "{__typename}"}, headers=headers)).status_code
            )

        assert [await status(name, name) for name in ("one", "two", "two")] == [200] * 3
        assert await status("one", "two") == await status("two", "one") == 401


async def test_an_issuer_that_is_down_does_not_keep_others_tokens_out(
    make_router: Any, client_of: Any
) -> None:
    issuer = Issuer()

    async def down(_scope: Any, _receive: Any, send: Any) -> None:
        await respond(send, b"no keys here")

    sets = f"{{url: app://down/keys}}, {{url: app://identity/keys, issuers: [{ISSUER}]}}"
    config = parse_config(f"authentication: {{router: {{jwt: {{jwks: [{sets}]}}}}}}", {})
    async with client_of(make_router(config, apps={"identity": issuer, "down": down})) as client:
        for claims, status in (({}, 200), ({"iss": "another"}, 503)):
            headers = {"authorization": f"Bearer {issuer.token(**claims)}"}
            answer = await client.post("/graphql", json={"query": "{__typename}"}, headers=headers)
            assert answer.status_code == status


async def test_a_token_counts_after_a_reload_while_the_issuer_is_down(
    make_router: Any, client_of: Any, config: RouterConfig, issuer: Issuer, supergraph: Supergraph
) -> None:
    is_down = False

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if is_down:
            raise OSError("down")
        await issuer(scope, receive, send)

    router = make_router(config, apps={"identity": app})
    headers = {"authorization": f"Bearer {issuer.token()}"}
    async with client_of(router) as client:
        for _ in range(2):
            answer = await client.post("/graphql", json={"query": "{__typename}"}, headers=headers)
            assert answer.status_code == 200
            is_down = True
            await router.replace(supergraph, config)
