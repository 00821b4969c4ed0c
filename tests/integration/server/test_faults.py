"""A subgraph that fails: the client gets an error that names the subgraph and the path, and the other data."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from gateway.server.config import LOCAL, RouterConfig, parse_config
from gateway.server.serving import open_listener
from tests.integration.server.faults import FAULTS, faulty

QUERY = {"query": "{products {name reviews {body}}}"}
DATA = {"products": [{"name": "Chair", "reviews": None}, {"name": "Table", "reviews": None}]}


def with_reviews_at(url: str, config: RouterConfig = LOCAL) -> RouterConfig:
    return msgspec.structs.replace(config, override_subgraph_url={"reviews": url})


async def ask(
    app: Any, client_of: Callable[..., httpx.AsyncClient], query: dict[str, Any] = QUERY
) -> httpx.Response:
    async with client_of(app) as client:
        return await client.post("/graphql", json=query)


def assert_partial(answer: httpx.Response, code: str, reason: str) -> None:
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == DATA
    assert [error["path"] for error in body["errors"]] == [
        ["products", 0],
        ["products", 1],
    ]
    for error in body["errors"]:
        assert error["message"] == f"Request to subgraph 'reviews' failed: {reason}"
        assert error["extensions"] == {"code": code, "service": "reviews"}


async def test_a_subgraph_that_is_down(make_router: Any, client_of: Any) -> None:
    with open_listener("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        answer = await ask(make_router(with_reviews_at(f"http://127.0.0.1:{port}/graphql")), client_of)
    assert_partial(answer, "SUBREQUEST_HTTP_ERROR", "connection refused")


async def test_a_subgraph_that_is_slow_is_given_up_after_its_timeout(
    make_router: Any, client_of: Any
) -> None:
    config = parse_config("traffic_shaping:\n  subgraphs:\n    reviews:\n      timeout: 200ms", {})
    async with faulty(None) as url:
        started = time.perf_counter()
        answer = await ask(make_router(with_reviews_at(url, config)), client_of)
    assert 0.2 <= time.perf_counter() - started < 5
    assert_partial(answer, "SUBREQUEST_HTTP_ERROR", "timed out")


async def test_a_slow_subgraph_cannot_hold_a_request_longer_than_the_routers_timeout(
    make_router: Any, client_of: Any
) -> None:
    config = parse_config("traffic_shaping:\n  router:\n    timeout: 300ms", {})
    async with faulty(None) as url:
        answer = await ask(make_router(with_reviews_at(url, config)), client_of)
    assert_partial(answer, "GATEWAY_TIMEOUT", "timed out")


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_subgraph_that_answers(fault: str, make_router: Any, client_of: Any) -> None:
    async with faulty(FAULTS[fault]) as url:
        answer = await ask(make_router(with_reviews_at(url)), client_of)
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == DATA
    for index, error in enumerate(body["errors"]):
        assert error["path"] == ["products", index]
        assert error["message"].startswith("Request to subgraph 'reviews' failed: ")
        assert error["extensions"]["service"] == "reviews"
        assert error["extensions"]["code"] in ("SUBREQUEST_MALFORMED_RESPONSE", "SUBREQUEST_HTTP_ERROR")
    for inner in ("127.0.0.1", "10.0.0.7", "Welcome", "garbage", "Error", "Traceback"):
        assert inner not in answer.text


async def test_the_subgraphs_own_errors_are_redacted_and_logged_in_full(
    make_router: Any, client_of: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await ask(make_router(), client_of, {"query": "{failure products {name}}"})
    assert answer.json()["data"] == {"failure": None, "products": [{"name": "Chair"}, {"name": "Table"}]}
    assert answer.json()["errors"] == [
        {
            "message": "Subgraph errors redacted",
            "path": ["failure"],
            "extensions": {"code": "SUBREQUEST_ERROR", "service": "products"},
        }
    ]
    logged = [record.__dict__["data"] for record in caplog.records if "answered an error" in record.message]
    assert logged[0]["error"]["message"] == "the database at 10.0.0.7 said no"


async def test_the_subgraphs_own_errors_are_shown_where_the_configuration_says_so(
    make_router: Any, client_of: Any
) -> None:
    config = parse_config("include_subgraph_errors:\n  subgraphs:\n    products: true", {})
    answer = await ask(make_router(config), client_of, {"query": "{mine: failure}"})
    error = answer.json()["errors"][0]
    assert (error["message"], error["path"]) == ("the database at 10.0.0.7 said no", ["mine"])
    assert error["extensions"]["service"] == "products"
