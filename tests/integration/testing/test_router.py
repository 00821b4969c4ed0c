"""The fixtures `router` and `fake_subgraph`, as another package's tests use them."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.federation import Schema

from gateway.testing import (
    BrokenBody,
    CompositionFailed,
    Delay,
    Drop,
    FakeSubgraph,
    Fault,
    MakeHarness,
    RecordedRequest,
    Refuse,
    Status,
)

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires"])\n'
PRODUCTS = (
    LINK
    + """
    type Query { products(first: Int! = 9): [Product!]! node(id: ID!): Node }
    interface Node { id: ID! }
    type Product implements Node @key(fields: "id") { id: ID! name: String price: Int }
    """
)
REVIEWS = (
    LINK
    + """
    type Product @key(fields: "id") { id: ID! price: Int @external reviews: [Review!] worth: String @requires(fields: "price") }
    type Review { body: String! }
    extend type Mutation { review(id: ID!, body: String!): Product }
    """
)
ROWS = [{"id": "1", "name": "Chair", "price": 10}, {"id": "2", "name": "Table", "price": 20}]
QUERY = "{ products { name reviews { body } } }"


@pytest.fixture
def products() -> FakeSubgraph:
    return FakeSubgraph(
        PRODUCTS,
        {
            "Query.products": lambda first: ROWS[:first],
            "Query.node": lambda id: {"__typename": "Product", **ROWS[int(id) - 1]},  # noqa: A006 - the argument's name
            "Product": ROWS,
        },
    )


@pytest.fixture
def reviews() -> FakeSubgraph:
    return FakeSubgraph(
        REVIEWS,
        {
            "Product.reviews": lambda product: [{"body": f"Good {product['id']}"}],
            "Product.worth": lambda product: "much" if product["price"] > 10 else "little",
            "Mutation.review": lambda id, body: {"id": id},  # noqa: ARG005, A006
        },
    )


async def test_a_query_crosses_fake_subgraphs_which_keep_what_they_were_asked(
    router: MakeHarness, products: FakeSubgraph, reviews: FakeSubgraph
) -> None:
    graph = router({"products": products, "reviews": reviews})
    answer = await graph.ask(
        "query Q($n: Int!) { products(first: $n) { name worth reviews { body } } }", {"n": 2}
    )
    assert answer.status == 200
    assert answer.errors == []
    assert answer.data == {
        "products": [
            {"name": "Chair", "worth": "little", "reviews": [{"body": "Good 1"}]},
            {"name": "Table", "worth": "much", "reviews": [{"body": "Good 2"}]},
        ]
    }
    (asked,) = products.requests
    assert asked.variables == {"n": 2}
    assert asked.headers["content-type"] == "application/json"
    (asked,) = reviews.requests
    assert asked.representations == [
        {"__typename": "Product", "id": "1", "price": 10},
        {"__typename": "Product", "id": "2", "price": 20},
    ]


async def test_interfaces_mutations_headers_and_operation_names(
    router: MakeHarness, products: FakeSubgraph, reviews: FakeSubgraph
) -> None:
    graph = router(
        {"products": products, "reviews": reviews},
        config="headers: {all: {request: [{propagate: {named: x-tenant}}]}}",
    )
    two = 'query A { node(id: "2") { __typename id ... on Product { name } } } mutation B { review(id: "1", body: "b") { name } }'
    node = await graph.ask(two, operation_name="A", headers={"X-Tenant": "t1"})
    assert node.data == {"node": {"__typename": "Product", "id": "2", "name": "Table"}}
    assert products.requests[0].headers["x-tenant"] == "t1"
    assert (await graph.ask(two, operation_name="B")).data == {"review": {"name": "Chair"}}


async def test_one_function_may_answer_everything(router: MakeHarness) -> None:
    async def answer(request: RecordedRequest) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"data": {"hello": f"{request.variables}"}}

    graph = router({"greeter": FakeSubgraph("type Query { hello(to: String): String }", answer)})
    assert (await graph.ask("query ($t: String) { hello(to: $t) }", {"t": "me"})).data == {
        "hello": "{'t': 'me'}"
    }


async def test_entities_are_found_by_a_function_too_which_may_be_asynchronous(
    router: MakeHarness, products: FakeSubgraph
) -> None:
    async def find(representation: dict[str, Any]) -> dict[str, Any] | None:
        await asyncio.sleep(0)
        return {"reviews": [{"body": "B"}]} if representation["id"] == "2" else None

    graph = router({"products": products, "reviews": FakeSubgraph(REVIEWS, {"Product": find})})
    assert (await graph.ask(QUERY)).data == {
        "products": [{"name": "Chair", "reviews": None}, {"name": "Table", "reviews": [{"body": "B"}]}]
    }


async def test_an_error_stands_in_its_fields_place_and_one_without_an_answer_says_so(
    router: MakeHarness, products: FakeSubgraph
) -> None:
    failing = FakeSubgraph(REVIEWS, {"Product.reviews": GraphQLError("no reviews today")})
    graph = router({"products": products, "reviews": failing})
    answer = await graph.ask("{ products(first: 1) { reviews { body } worth } }")
    assert answer.data == {"products": [{"reviews": None, "worth": None}]}
    assert [error["message"] for error in answer.errors] == [
        "no reviews today",
        "No answer for Product.worth: give one in the answers or in its object",
    ]


def test_an_answer_for_what_is_not_there_is_refused(router: MakeHarness) -> None:
    with pytest.raises(ValueError, match=r"has no `Query\.product`"):
        router({"products": FakeSubgraph(PRODUCTS, {"Query.product": None})})


def test_subgraphs_that_do_not_compose_tell_why_and_where(
    router: MakeHarness, products: FakeSubgraph
) -> None:
    with pytest.raises(
        CompositionFailed, match=r"the subgraphs do not compose\nINVALID_GRAPHQL.*\n  reviews:1:16"
    ) as failure:
        router({"products": products, "reviews": FakeSubgraph("type Product { id: Nothing }")})
    assert failure.value.errors[0].locations[0].subgraph == "reviews"


async def test_a_strawberry_schema_is_a_subgraph(router: MakeHarness, products: FakeSubgraph) -> None:
    @strawberry.federation.type(keys=["id"], name="Product")
    class Product:
        id: strawberry.ID

        @strawberry.field
        def stock(self) -> int:
            return 7

        @classmethod
        def resolve_reference(cls, id: strawberry.ID) -> "Product":  # noqa: A002 - the key's name
            return cls(id=id)

    graph = router({"products": products, "stock": Schema(types=[Product])})
    answer = await graph.ask("{ products(first: 1) { name stock } }")
    assert answer.data == {"products": [{"name": "Chair", "stock": 7}]}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Refuse(), "connection refused"),
        (Status(503), "status 503"),
        (BrokenBody(), "not a GraphQL response"),
        (Drop(), "malformed"),
        (Delay(60), "timed out"),
    ],
)
async def test_a_fault_costs_the_subgraphs_own_fields_until_it_heals(
    router: MakeHarness, products: FakeSubgraph, reviews: FakeSubgraph, fault: Fault, message: str
) -> None:
    graph = router(
        {"products": products, "reviews": reviews},
        config="traffic_shaping: {subgraphs: {reviews: {timeout: 100ms}}}",
    )
    reviews.fail(fault, times=1)
    async with asyncio.timeout(10):
        answer = await graph.ask(QUERY)
        assert answer.data["products"][0] == {"name": "Chair", "reviews": None}
        assert message in answer.errors[0]["message"], answer.errors
        assert (await graph.ask(QUERY)).errors == []
        reviews.fail(fault)
        for _ in range(2):
            assert (await graph.ask(QUERY)).errors
        reviews.heal()
        assert (await graph.ask(QUERY)).errors == []
    assert len(reviews.requests) == 5


async def test_what_is_delayed_is_answered_all_the_same(
    router: MakeHarness, products: FakeSubgraph, reviews: FakeSubgraph
) -> None:
    reviews.fail(Delay(0.05))
    answer = await router({"products": products, "reviews": reviews}).ask(QUERY)
    assert answer.errors == []


def test_plans_tell_whom_they_ask_and_equal_their_text_in_any_layout(
    router: MakeHarness, products: FakeSubgraph, reviews: FakeSubgraph
) -> None:
    plan = router({"products": products, "reviews": reviews}).plan(QUERY)
    assert [fetch.subgraph for fetch in plan.fetches] == ["products", "reviews"]
    (fetch,) = plan.fetches_from("reviews")
    assert fetch.operation_kind == "query"
    assert plan.fetches_from("nobody") == []
    assert (
        plan
        == """
        QueryPlan {
          Sequence {
            Fetch(service: "products") { { products { __typename name id } } }
            Flatten(path: "products.@") {
              Fetch(service: "reviews") {
                { ... on Product { __typename id } } => { ... on Product { reviews { body } } }
              }
            }
          }
        }
    """
    )
    assert plan != "QueryPlan {}"


def test_pytest_finds_the_fixtures_and_shows_how_plans_differ(tmp_path: Path) -> None:
    (tmp_path / "test_plan.py").write_text(
        "SDL = 'type Query { a: Int b: Int }'\n"
        "def test_it(router, fake_subgraph):\n"
        "    plan = router({'one': fake_subgraph(SDL)}).plan('{ a }')\n"
        "    assert plan == '''\n"
        "        QueryPlan {\n"
        '          Fetch(service: "one") {\n'
        "            {\n"
        "              b\n"
        "            }\n"
        "          },\n"
        "        }\n"
        "    '''\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    shown = [line.removeprefix("E").strip() for line in done.stdout.splitlines() if line.startswith("E")]
    assert shown[0].endswith("the query plan is another one: - expected, + found")
    assert shown[2:7] == ['Fetch(service: "one") {', "{", "-      b", "+      a", "}"]


def test_the_manuals_examples_pass(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/testing.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "test_page.py").write_text("\n".join(blocks))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--asyncio-mode=auto"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert f"{len(blocks)} passed" in done.stdout, done.stdout


def test_a_session_that_uses_no_fixture_loads_no_router(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "import sys\ndef test_it():\n    assert 'gateway.server.router' not in sys.modules\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
