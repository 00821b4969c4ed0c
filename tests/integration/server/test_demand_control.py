"""What becomes of operations that are too expensive."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.server.config import parse_config
from gateway.server.router import Router
from gateway.supergraph import Supergraph
from tests.integration.server.graph import SubgraphApp

NEW = {"accept": "application/graphql-response+json"}
PRODUCTS = "{products {name reviews {body}}}"
"""With lists of 5 it costs 5 in products, and 5 * (1 + 5) in reviews."""


@pytest.fixture(scope="module")
def supergraph() -> Supergraph:
    sdl = (Path(__file__).parent / "supergraph.graphql").read_text()
    link = '@link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost", "@listSize"])'
    sized = 'headers: [String!]! @listSize(slicingArguments: ["first"])'
    return Supergraph.from_sdl(
        sdl.replace("for: EXECUTION)", f"for: EXECUTION) {link}", 1).replace("headers: [String!]!", sized)
    )


@pytest.fixture
def ask(make_router: Any, client_of: Any) -> Callable[..., Any]:
    async def send(
        strategy: str, mode: str = "enforce", query: str = PRODUCTS, headers: dict[str, str] = NEW
    ) -> tuple[httpx.Response, Router]:
        control = (
            f"{{enabled: true, mode: {mode}, strategy: {{static_estimated: {{list_size: 5, {strategy}}}}}}}"
        )
        router = make_router(parse_config(f"demand_control: {control}", {}))
        async with client_of(router) as client:
            answer = await client.post("/graphql", json={"query": query}, headers=headers)
        return answer, router

    return send


def observed(router: Router, result: str, metric: str = "cost_estimated") -> float | None:
    return router.registry.get_sample_value(f"{metric}_sum", {"cost_result": result})


def measured(router: Router, result: str) -> tuple[float | None, float | None]:
    """The actual cost, and the estimated one less it."""
    return observed(router, result, "cost_actual"), observed(router, result, "cost_delta")


async def test_an_operation_within_its_costs_is_run_and_measured(ask: Any) -> None:
    answer, router = await ask("max: 35")
    assert "errors" not in answer.json()
    assert observed(router, "COST_OK") == 35


async def test_an_operation_that_is_too_expensive_is_refused_before_any_subgraph_is_asked(
    ask: Any, subgraphs: dict[str, SubgraphApp]
) -> None:
    answer, router = await ask("max: 34")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "message": "The estimated cost of 35 is more than the maximum of 34",
            "extensions": {
                "code": "COST_ESTIMATED_TOO_EXPENSIVE",
                "cost.estimated": 35,
                "cost.max": 34,
            },
        }
    ]
    assert not any(app.requests for app in subgraphs.values())
    assert observed(router, "COST_ESTIMATED_TOO_EXPENSIVE") == 35


async def test_measuring_refuses_nothing(ask: Any) -> None:
    answer, router = await ask("max: 1, subgraph: {all: {max: 1}}", mode="measure")
    assert "errors" not in answer.json()
    assert observed(router, "COST_ESTIMATED_TOO_EXPENSIVE") == 35


@pytest.mark.parametrize("limit", ["all: {max: 29}", "all: {max: 5}, subgraphs: {reviews: {max: 29}}"])
async def test_a_subgraph_that_would_cost_too_much_is_not_asked_and_the_rest_is_answered(
    ask: Any, subgraphs: dict[str, SubgraphApp], limit: str
) -> None:
    answer, _ = await ask(f"max: 1000, subgraph: {{{limit}}}")
    body = answer.json()
    assert body["data"] == {
        "products": [{"name": "Chair", "reviews": None}, {"name": "Table", "reviews": None}]
    }
    assert {error["extensions"]["code"] for error in body["errors"]} == {
        "SUBGRAPH_COST_ESTIMATED_TOO_EXPENSIVE"
    }
    assert body["errors"][0]["extensions"]["cost.estimated"] == 30
    assert subgraphs["reviews"].requests == []
    assert len(subgraphs["products"].requests) == 1


async def test_a_subgraph_may_have_its_own_sizes_and_costs(ask: Any) -> None:
    own = "subgraphs: {reviews: {list_size: 2, max: 15}}, all: {max: 14}"
    answer, router = await ask(f"max: 1000, subgraph: {{{own}}}")
    assert "errors" not in answer.json()
    assert observed(router, "COST_OK") == 5 + 2 * (1 + 2)


async def test_without_demand_control_nothing_is_estimated(make_router: Any, client_of: Any) -> None:
    control = "{enabled: false, strategy: {static_estimated: {list_size: 5, max: 0}}}"
    for config in ("", f"demand_control: {control}"):
        router = make_router(parse_config(config, {}))
        async with client_of(router) as client:
            assert "errors" not in (await client.post("/graphql", json={"query": PRODUCTS})).json()
        assert observed(router, "COST_OK") is None
        assert measured(router, "COST_OK") == (None, None)


async def test_what_cannot_be_estimated_is_refused_or_told(
    ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer, _ = await ask("max: 1000", query="{headers}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"] == {"code": "COST_QUERY_PARSE_FAILURE"}
    with caplog.at_level(logging.WARNING, "hansa.router"):
        answer, _ = await ask("max: 1000", mode="measure", query="{headers}")
    assert "errors" not in answer.json()
    assert "could not be estimated: The field headers takes exactly one" in caplog.text


ACTUAL = 2 + 2 * (1 + 1)
"""Two products, and two entities with a review each."""


@pytest.mark.parametrize("mode", ["measure", "enforce"])
async def test_what_an_operation_has_cost_is_measured_by_what_subgraphs_answered(ask: Any, mode: str) -> None:
    _, router = await ask("max: 35", mode)
    assert measured(router, "COST_OK") == (ACTUAL, 35 - ACTUAL)


async def test_or_by_what_the_client_is_answered(ask: Any) -> None:
    _, router = await ask("max: 35, actual_cost_mode: by_response_shape")
    assert measured(router, "COST_OK") == (2 + 2, 35 - 4)


async def test_an_answer_that_does_not_fit_its_plan_is_measured_once(ask: Any) -> None:
    for mode, cost in (("by_subgraph", 1 + 1), ("by_response_shape", 1 + 1)):
        query = "{node {next {__typename}} failure}"
        answer, router = await ask(f"max: 35, actual_cost_mode: {mode}", query=query)
        assert answer.json()["data"]["node"] == {"next": {"__typename": "Node"}}
        assert answer.json()["errors"]
        assert measured(router, "COST_OK") == (cost, 0)


async def test_an_operation_may_cost_more_than_was_estimated_and_allowed_and_is_answered(ask: Any) -> None:
    answer, router = await ask("max: 3, subgraph: {all: {list_size: 1}}")
    assert "errors" not in answer.json()
    assert observed(router, "COST_OK") == 1 + 1 * (1 + 1)
    assert observed(router, "COST_ACTUAL_TOO_EXPENSIVE", "cost_actual") == ACTUAL
    assert observed(router, "COST_ACTUAL_TOO_EXPENSIVE", "cost_delta") == 3 - ACTUAL


async def test_what_a_measured_operation_has_cost_is_told_with_what_became_of_its_estimate(ask: Any) -> None:
    _, router = await ask("max: 6", mode="measure")
    assert measured(router, "COST_ESTIMATED_TOO_EXPENSIVE") == (ACTUAL, 35 - ACTUAL)


async def test_a_subgraph_that_is_not_asked_costs_nothing_and_a_refused_operation_is_not_measured(
    ask: Any,
) -> None:
    _, router = await ask("max: 1000, subgraph: {all: {max: 29}}")
    assert measured(router, "COST_OK") == (2, 35 - 2)
    _, router = await ask("max: 34")
    assert measured(router, "COST_ESTIMATED_TOO_EXPENSIVE") == (None, None)


async def test_an_answer_in_parts_is_measured_by_subgraphs_with_its_last(ask: Any) -> None:
    query = "{products {name ... @defer {reviews {body}}}}"
    parts = {"accept": "multipart/mixed;deferSpec=20220824, application/json"}
    answer, router = await ask("max: 35", query=query, headers=parts)
    assert answer.text.count("incremental") == 1
    assert measured(router, "COST_OK") == (ACTUAL, 35 - ACTUAL)
    _, router = await ask("max: 35, actual_cost_mode: by_response_shape", query=query, headers=parts)
    assert measured(router, "COST_OK") == (None, None)
