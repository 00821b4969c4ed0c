"""What a caller may see: `@authenticated`, `@requiresScopes` and `@policy` from the client's side."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.server.config import ConfigError, parse_config
from gateway.supergraph import Supergraph
from tests.integration.server.issuer import ISSUER, Issuer

SPECS = "\n".join(
    f'  @link(url: "https://specs.apollo.dev/{name}/v0.1", for: SECURITY)'
    for name in ("authenticated", "requiresScopes", "policy")
)
GUARDED = {
    "for: EXECUTION)\n{": f"for: EXECUTION)\n{SPECS}\n{{",
    "reviews: [Review!]": 'reviews: [Review!] @requiresScopes(scopes: [["read", "reviews"], ["admin"]])',
    "next: Node": "next: Node @authenticated",
    "headers: [String!]!": 'headers: [String!]! @policy(policies: [["staff"]])',
    "failure: String": 'failure: String @policy(policies: [["a", "b"], ["owner"]])',
}
CONFIG = f"""
supergraph: {{introspection: true}}
authentication: {{router: {{jwt: {{jwks: [{{url: app://identity/keys, issuers: [{ISSUER}], audiences: [hansa]}}]}}}}}}
"""
PRODUCTS = "{products(first: 1) {name reviews {body}}}"


@pytest.fixture(scope="module")
def supergraph() -> Supergraph:
    sdl = (Path(__file__).parent / "supergraph.graphql").read_text()
    for plain, guarded in GUARDED.items():
        assert plain in sdl
        sdl = sdl.replace(plain, guarded)
    return Supergraph.from_sdl(sdl)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def ask(make_router: Any, client_of: Any, issuer: Issuer) -> Callable[..., Any]:
    """Sends operations to a router of one configuration; `scope` signs the caller in."""
    routers: dict[str, Any] = {}

    async def send(
        query: str, authorization: str = "", *, scope: str | None = None, accept: str = "*/*", **options: Any
    ) -> httpx.Response:
        body = {"query": query, "variables": options.pop("variables", None)}
        headers = {"accept": accept}
        if scope is not None:
            headers["authorization"] = f"Bearer {issuer.token(scope=scope)}"
        if authorization not in routers:
            config = parse_config(CONFIG + (f"authorization: {authorization}" if authorization else ""), {})
            routers[authorization] = make_router(config, apps={"identity": issuer}, **options)
        async with client_of(routers[authorization]) as client:
            return await client.post("/graphql", json=body, headers=headers)

    send.routers = routers  # type: ignore[attr-defined]
    return send


def unauthorized(*path: str) -> dict[str, Any]:
    return {
        "message": "Unauthorized field or type",
        "path": list(path),
        "extensions": {"code": "UNAUTHORIZED_FIELD_OR_TYPE"},
    }


async def test_what_may_not_be_seen_is_null_and_told_and_never_fetched(
    ask: Any, subgraphs: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "hansa.router"):
        answer = await ask(PRODUCTS)
    assert answer.status_code == 200
    assert answer.json() == {
        "data": {"products": [{"name": "Chair", "reviews": None}]},
        "errors": [unauthorized("products", "@", "reviews")],
    }
    assert subgraphs["reviews"].requests == []
    (record,) = [found for found in caplog.records if "Unauthorized" in found.message]
    assert record.data == {"operation_name": None, "paths": [["products", "@", "reviews"]]}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("scope", "sees"),
    [("read reviews", True), ("reviews x read", True), ("admin", True), ("read", False), ("readreviews", False), ("", False)],
)  # fmt: skip
async def test_scopes_are_all_of_one_alternative(ask: Any, scope: str, sees: bool) -> None:  # noqa: FBT001
    answer = (await ask(PRODUCTS, scope=scope)).json()
    assert (answer["data"]["products"][0]["reviews"] is not None) is sees
    assert ("errors" not in answer) is sees


async def test_whoever_is_signed_in_passes_authenticated(ask: Any) -> None:
    query = "{node {next {__typename}}}"
    assert (await ask(query)).json()["data"] == {"node": {"next": None}}
    assert (await ask(query, scope="")).json() == {"data": {"node": {"next": {"__typename": "Node"}}}}


async def test_a_null_that_is_not_allowed_takes_its_parent(ask: Any) -> None:
    answer = (await ask("{products(first: 1) {name} headers}")).json()
    assert answer == {"data": None, "errors": [unauthorized("headers")]}


async def test_policies_are_asked_about_once_a_request_and_only_those_of_the_operation(ask: Any) -> None:
    asked: list[tuple[Any, ...]] = []

    async def decide(policies: frozenset[str], caller: Any, request: Any) -> list[str]:
        asked.append((policies, caller.subject if caller else None, request.method))
        return ["staff", "a"]

    for _ in range(2):
        answer = (
            await ask("{headers f: failure node {next {__typename}}}", scope="", policies=decide)
        ).json()
        assert answer["data"]["headers"]
        assert answer["errors"] == [unauthorized("f")]
    assert (await ask("{headers}", policies=decide)).json()["data"]["headers"]
    assert "errors" not in (await ask("{products {name}}")).json()
    assert asked == [({"staff", "a", "b", "owner"}, "u1", "POST")] * 2 + [({"staff"}, None, "POST")]


async def test_a_policy_that_nobody_grants_is_denied_also_where_the_function_fails(ask: Any) -> None:
    async def fail(*_: object) -> list[str]:
        raise RuntimeError("the policy service is down")

    assert (await ask("{failure}")).json()["errors"] == [unauthorized("failure")]
    assert (await ask("{failure}", "{policies: null}", policies=fail)).json()["errors"] == [
        unauthorized("failure")
    ]


async def grant_all(policies: frozenset[str], _caller: object, _request: object) -> frozenset[str]:
    return policies


async def test_the_function_is_named_in_the_configuration(ask: Any) -> None:
    named = f"{{policies: {__name__}.grant_all}}"
    assert (await ask("{headers}", named)).json()["data"]["headers"]


@pytest.mark.parametrize("name", ["nowhere.decide", "json.nothing", "json.__name__", "decide"])
async def test_a_function_that_is_not_there_is_refused_at_the_start(make_router: Any, name: str) -> None:
    with pytest.raises((ConfigError, ValueError), match=r"`authorization\.policies` names"):
        make_router(parse_config(f"authorization: {{policies: {name}}}", {}))


async def test_callers_with_the_same_outcome_share_a_plan(ask: Any) -> None:
    for scope in (None, "x", "read", "read reviews", "admin"):
        await ask(PRODUCTS, scope=scope)
    (router,) = ask.routers.values()
    sample = router.registry.get_sample_value
    labels = {"kind": "query planner", "result": "miss"}
    assert sample("apollo_router_cache_requests_total", labels) == 2


async def test_a_condition_decides_whether_a_path_is_told(ask: Any) -> None:
    query = "query ($with: Boolean!) {products(first: 1) {name reviews @include(if: $with) {body}}}"
    assert (await ask(query, variables={"with": False})).json() == {"data": {"products": [{"name": "Chair"}]}}
    assert (await ask(query, variables={"with": True})).json()["errors"]


async def test_errors_stand_in_extensions_or_nowhere_where_the_configuration_says_so(ask: Any) -> None:
    data = {"products": [{"name": "Chair", "reviews": None}]}
    answer = await ask(PRODUCTS, "{directives: {errors: {response: extensions}}}")
    told = [unauthorized("products", "@", "reviews")]
    assert answer.json() == {"data": data, "extensions": {"authorizationErrors": told}}
    answer = await ask(PRODUCTS, "{directives: {errors: {response: disabled}}}")
    assert answer.json() == {"data": data}


async def test_the_log_is_silent_where_the_configuration_says_so(
    ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await ask(PRODUCTS, "{directives: {errors: {log: false}}}")
    assert not [found for found in caplog.records if "Unauthorized" in found.message]


async def test_a_dry_run_tells_and_gives(ask: Any) -> None:
    answer = (await ask(PRODUCTS, "{directives: {dry_run: true, reject_unauthorized: true}}")).json()
    assert answer["data"]["products"][0]["reviews"] == [{"body": "Good Chair"}]
    assert answer["errors"] == [unauthorized("products", "@", "reviews")]


async def test_a_request_may_be_rejected_as_a_whole(ask: Any, subgraphs: dict[str, Any]) -> None:
    rejecting = "{directives: {reject_unauthorized: true}}"
    answer = await ask(PRODUCTS, rejecting, accept="application/graphql-response+json")
    assert (answer.status_code, answer.json()) == (
        403,
        {"errors": [unauthorized("products", "@", "reviews")]},
    )
    assert subgraphs["products"].requests == []
    assert "errors" not in (await ask("{products {name}}", rejecting)).json()


async def test_directives_may_be_off(ask: Any) -> None:
    answer = (await ask(PRODUCTS, "{directives: {enabled: false}}")).json()
    assert answer == {"data": {"products": [{"name": "Chair", "reviews": [{"body": "Good Chair"}]}]}}


async def test_introspection_shows_what_is_guarded(ask: Any) -> None:
    answer = (await ask('{__type(name: "Product") {fields {name}}}')).json()
    assert {"name": "reviews"} in answer["data"]["__type"]["fields"]


async def test_anonymous_requests_may_be_refused(ask: Any) -> None:
    answer = await ask("{no such field", "{require_authentication: true}")
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "AUTH_ERROR"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert (await ask("{__typename}", "{require_authentication: true}", scope="")).status_code == 200


async def test_what_is_deferred_and_refused_is_told_with_the_first_part(ask: Any) -> None:
    answer = await ask(
        "{products(first: 1) {name ... @defer {reviews {body}}}}",
        accept="multipart/mixed;deferSpec=20220824, application/json",
    )
    first, second = [
        msgspec.json.decode(part.partition("\r\n\r\n")[2]) for part in answer.text.split("\r\n---")[1:3]
    ]
    assert first["errors"][0]["extensions"]["code"] == "UNAUTHORIZED_FIELD_OR_TYPE"
    assert second["incremental"] == [{"data": {"reviews": None}, "path": ["products", 0]}]
