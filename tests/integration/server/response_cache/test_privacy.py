"""Nobody is given an answer that was made for somebody else."""

from typing import Any

import pytest

from gateway.server.plugins import NoConfig, Plugin, RouterRequest, SubgraphRequest
from tests.integration.server.issuer import ISSUER, Issuer
from tests.integration.server.response_cache.conftest import Cached, MakeCached

JWT = f"authentication: {{router: {{jwt: {{jwks: [{{url: app://identity/jwks, issuers: [{ISSUER}, https://other.test]}}]}}}}}}\n"
FORWARD = "headers: {all: {request: [{propagate: {named: authorization}}]}}\n"
CLAIM = "headers: {all: {request: [{insert: {name: x-user, claim: sub}}]}}\n"
LANGUAGE = "headers: {all: {request: [{propagate: {named: accept-language}}]}}\n"
PUBLIC, PRIVATE, SILENT = b"public, max-age=60", b"private, max-age=60", b"max-age=60"


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def make_private(make_cached: MakeCached, issuer: Issuer) -> Any:
    """Makes a router that knows its callers, and whose catalog answers with a `Cache-Control`."""

    def make(cache_control: bytes, config: str, **options: Any) -> Cached:
        options = {"more": "private_id: sub"} | options
        cached = make_cached(config=JWT + config, identity=issuer, **options)
        cached.catalog.headers = [(b"cache-control", cache_control)]
        return cached

    return make


async def ask_as(cached: Cached, *tokens: str | None) -> list[Any]:
    headers = [{"authorization": f"Bearer {token}"} if token else {} for token in tokens]
    return [(await cached.ask("{me}", **each))["data"]["me"] for each in headers]


@pytest.mark.parametrize(("told", "requests"), [(PUBLIC, 1), (SILENT, 2), (PRIVATE, 2)])
async def test_with_authorization_forwarded_only_public_answers_are_shared(
    make_private: Any, issuer: Issuer, told: bytes, requests: int
) -> None:
    cached = make_private(told, FORWARD)
    tokens = [issuer.token(sub="a"), issuer.token(sub="b")]
    answers = await ask_as(cached, *tokens, *tokens)
    assert len(cached.catalog.requests) == requests
    if requests == len(tokens):
        assert answers == [f"Bearer {token}" for token in tokens] * 2


@pytest.mark.parametrize(("told", "requests"), [(PUBLIC, 1), (SILENT, 2), (PRIVATE, 2)])
async def test_with_a_claim_forwarded_only_public_answers_are_shared(
    make_private: Any, issuer: Issuer, told: bytes, requests: int
) -> None:
    cached = make_private(told, CLAIM)
    tokens = [issuer.token(sub="a"), issuer.token(sub="b")]
    answers = await ask_as(cached, *tokens, *tokens)
    assert len(cached.catalog.requests) == requests
    if requests == len(tokens):
        assert answers == ["a", "b"] * 2


async def test_a_private_answer_is_its_users_whatever_the_token(make_private: Any, issuer: Issuer) -> None:
    cached = make_private(PRIVATE, FORWARD)
    await ask_as(cached, issuer.token(sub="a", jti="1"), issuer.token(sub="a", jti="2"))
    assert len(cached.catalog.requests) == 1


async def test_a_private_answer_of_nobody_known_is_not_kept(make_private: Any, issuer: Issuer) -> None:
    cached = make_private(PRIVATE, FORWARD)
    await ask_as(cached, None, None)
    assert len(cached.catalog.requests) == 2
    cached.catalog.requests.clear()
    await ask_as(cached, *[issuer.token(sub="")] * 2)
    assert len(cached.catalog.requests) == 2


async def test_without_a_private_id_no_private_answer_is_kept(make_private: Any, issuer: Issuer) -> None:
    cached = make_private(PRIVATE, FORWARD, more="")
    await ask_as(cached, *[issuer.token(sub="a")] * 2)
    assert len(cached.catalog.requests) == 2


async def test_users_of_different_issuers_with_one_id_are_two(make_private: Any, issuer: Issuer) -> None:
    cached = make_private(PRIVATE, FORWARD)
    tokens = [issuer.token(sub="a"), issuer.token(sub="a", iss="https://other.test")]
    assert await ask_as(cached, *tokens) == [f"Bearer {token}" for token in tokens]
    assert len(cached.catalog.requests) == 2


async def test_an_anonymous_caller_is_not_given_a_users_answer(make_private: Any, issuer: Issuer) -> None:
    for told in (PRIVATE, SILENT):
        cached = make_private(told, FORWARD)
        await ask_as(cached, issuer.token(sub="a"))
        assert await ask_as(cached, None) == [None]


async def test_a_user_is_not_given_an_anonymous_callers_answer(make_private: Any, issuer: Issuer) -> None:
    for told in (PRIVATE, SILENT):
        cached = make_private(told, FORWARD)
        token = issuer.token(sub=told.decode())
        assert await ask_as(cached, None, token) == [None, f"Bearer {token}"]


async def test_what_the_users_id_is_may_change(make_private: Any, issuer: Issuer) -> None:
    await ask_as(make_private(PRIVATE, FORWARD), issuer.token(sub="a"))
    other = make_private(PRIVATE, FORWARD, more="private_id: org")
    token = issuer.token(sub="b", org="a")
    assert await ask_as(other, token) == [f"Bearer {token}"]


async def test_other_headers_that_are_forwarded_tell_answers_apart(make_private: Any) -> None:
    cached = make_private(PUBLIC, LANGUAGE)
    answers = [
        (await cached.ask("{me}", accept_language=language))["data"]["me"] for language in ("en", "de", "en")
    ]
    assert answers == ["en", "de", "en"]
    assert len(cached.catalog.requests) == 2


async def test_an_answer_that_varies_by_who_asks_is_not_shared_though_it_is_public(
    make_private: Any, issuer: Issuer
) -> None:
    cached = make_private(PUBLIC, FORWARD)
    cached.catalog.headers.append((b"vary", b"Accept-Encoding, Authorization"))
    tokens = [issuer.token(sub="a"), issuer.token(sub="b")]
    assert await ask_as(cached, *tokens) == [f"Bearer {token}" for token in tokens]


async def test_a_private_answer_that_varies_by_the_token_is_not_its_users(
    make_private: Any, issuer: Issuer
) -> None:
    cached = make_private(PRIVATE, FORWARD)
    cached.catalog.headers.append((b"vary", b"authorization"))
    tokens = [issuer.token(sub="a", jti="1"), issuer.token(sub="a", jti="2")]
    assert await ask_as(cached, *tokens) == [f"Bearer {token}" for token in tokens]


@pytest.mark.parametrize("vary", [b"*", b"hansa-client-address"])
async def test_an_answer_that_varies_by_what_is_no_part_of_a_key_is_not_kept(
    make_private: Any, vary: bytes
) -> None:
    cached = make_private(PUBLIC, "")
    cached.catalog.headers.append((b"vary", vary))
    for _ in range(2):
        await cached.ask("{me}")
    assert len(cached.catalog.requests) == 2


class Telling(Plugin[NoConfig]):
    """Tells the subgraph who asks, in a way that no key knows of."""

    async def subgraph_request(self, request: SubgraphRequest) -> None:
        request.headers["x-user"] = str(request.context["user"])

    async def router_request(self, request: RouterRequest) -> None:
        request.context["user"] = request.headers["x-who"]


async def test_nothing_is_kept_of_requests_that_a_plugin_may_change(make_private: Any) -> None:
    cached = make_private(PUBLIC, "", plugins=[lambda: Telling(NoConfig())])
    assert [(await cached.ask("{me}", x_who=who))["data"]["me"] for who in "abab"] == [*"abab"]
    assert len(cached.catalog.requests) == 4


class Looking(Plugin[NoConfig]):
    """Changes nothing of requests to subgraphs."""

    async def router_request(self, request: RouterRequest) -> None:
        request.context["seen"] = True


async def test_other_plugins_leave_the_cache_on(make_private: Any) -> None:
    cached = make_private(PUBLIC, "", plugins=[lambda: Looking(NoConfig())])
    for _ in range(2):
        await cached.ask("{me}")
    assert len(cached.catalog.requests) == 1
