"""The plan in the answer, for clients that ask."""

from typing import Any

import pytest

from gateway.server.config import parse_config

QUERY = {"query": "{products {name reviews {body}}}"}


async def ask(router: Any, client_of: Any, value: str, body: dict[str, Any] = QUERY) -> dict[str, Any]:
    async with client_of(router) as client:
        answer = await client.post("/graphql", json=body, headers={"Apollo-Expose-Query-Plan": value})
    return dict(answer.json())


async def test_the_plan_stands_beside_the_data(make_router: Any, client_of: Any) -> None:
    answer = await ask(make_router(), client_of, "true")
    plan = answer["extensions"]["apolloQueryPlan"]
    assert plan["object"]["kind"] == "QueryPlan"
    assert plan["text"].startswith("QueryPlan {")
    assert 'Fetch(service: "reviews")' in plan["text"]
    assert len(answer["data"]["products"]) == 2


async def test_a_dry_run_asks_no_subgraph_and_needs_no_variables(
    make_router: Any, client_of: Any, subgraphs: dict[str, Any]
) -> None:
    body = {"query": "query($n: Int!) {products(first: $n) {name}}"}
    answer = await ask(make_router(), client_of, "dry-run", body)
    assert answer["data"] is None
    assert 'Fetch(service: "products")' in answer["extensions"]["apolloQueryPlan"]["text"]
    assert subgraphs["products"].requests == []


@pytest.mark.parametrize("value", ["", "false", "1"])
async def test_other_values_show_no_plan(make_router: Any, client_of: Any, value: str) -> None:
    assert "extensions" not in await ask(make_router(), client_of, value)


async def test_plans_are_hidden_unless_the_configuration_shows_them(make_router: Any, client_of: Any) -> None:
    for value in ("true", "dry-run"):
        answer = await ask(make_router(parse_config("", {})), client_of, value)
        assert answer["data"]
        assert "extensions" not in answer
