"""`hansa client` from files to answers: the package is type-checked, and asks a router."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.testing import FakeSubgraph, Harness, MakeHarness

BIN = Path(sys.executable).parent
SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
scalar DateTime
enum Color { RED GREEN }
interface Node { id: ID! }
input Where { color: Color = RED, since: DateTime, and: [Where!], text: String! }
type Product implements Node @key(fields: "id") { id: ID! fullName: String color: Color createdAt: DateTime! related(first: Int): [Product!]! }
type Review implements Node { id: ID! body: String! author: User list: [String!] }
type User implements Node { id: ID! name: String }
union Item = Product | Review | User
type Query { node(id: ID!): Node search(where: Where!, first: Int = 10): [Item!]! product(id: ID!): Product }
type Mutation { rename(id: ID!, name: String!): Product }
"""
OPERATIONS = '''
query GetProduct($id: ID!, $withRelated: Boolean = false) {
  product(id: $id) {
    ...Card
    related(first: 2) @include(if: $withRelated) { ...Card }
  }
}
query Search($where: Where!, $first: Int) {
  search(where: $where, first: $first) {
    ... on Product { fullName color }
    ... on Review { body list author { ...Author } }
  }
}
query FindNode($id: ID!) { node(id: $id) { id } }
mutation Rename($id: ID!, $name: String!) { rename(id: $id, name: $name) { fullName } }
query Quoted { product(id: """a "b" \\c""") { id } }
'''
FRAGMENTS = "fragment Card on Product { id fullName createdAt }\nfragment Author on User { name }"
USE = """
import asyncio
from datetime import datetime
from typing import assert_type

import httpx
from shop import Card, Client, Color, Search, Where, find_node, get_product, search
from shop.search import SearchSearchProduct, SearchSearchReview, SearchSearchUser


async def main(http: httpx.AsyncClient) -> None:
    client = Client(http, "http://router/graphql")
    product = (await get_product(client, id="1", with_related=True)).product
    assert product is not None
    assert_type(product.created_at, datetime)
    assert_type(product.full_name, str | None)
    assert_type(product.related, list[Card] | None)
    found = await search(client, where=Where(text="x", color=Color.GREEN))
    assert_type(found, Search)
    for item in found.search:
        match item:
            case SearchSearchProduct(full_name=name):
                assert_type(name, str | None)
            case SearchSearchReview():
                assert_type(item.list_, list[str] | None)
            case _:
                assert_type(item, SearchSearchUser)
    await find_node(client)  # type: ignore[call-arg]
    await find_node(client, id=1)  # type: ignore[arg-type]
"""
CHAIR = {"id": "1", "fullName": "Chair", "color": "RED", "createdAt": "2026-01-02T03:04:05Z"}
TABLE = {"id": "2", "fullName": None, "color": None, "createdAt": "2026-01-02T03:04:05Z"}


def product(id: str) -> dict[str, Any] | None:  # noqa: A002 - the argument's name
    return {"1": CHAIR, "2": TABLE}.get(id)


@pytest.fixture
def subgraph() -> FakeSubgraph:
    review = {"__typename": "Review", "id": "r", "body": "Good", "author": {"name": "Ann"}, "list": ["a"]}
    found = [{"__typename": "Product", **CHAIR}, review, {"__typename": "User", "id": "u", "name": "Bob"}]
    return FakeSubgraph(
        SDL,
        {
            "Query.product": product,
            "Query.search": lambda where, first: found[:first],  # noqa: ARG005
            "Query.node": {"__typename": "User", "id": "u"},
            "Product.related": lambda _product, first: [TABLE][:first],
            "Mutation.rename": PermissionError("not yours"),
        },
    )


@pytest.fixture
def graph(router: MakeHarness, subgraph: FakeSubgraph) -> Harness:
    return router({"shop": subgraph})


@pytest.fixture
def package(graph: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the client `shop` was made in; it can be imported."""
    (tmp_path / "operations").mkdir()
    (tmp_path / "operations" / "queries.graphql").write_text(OPERATIONS)
    (tmp_path / "operations" / "fragments.graphql").write_text(FRAGMENTS)
    (tmp_path / "supergraph.graphql").write_text(graph.supergraph_sdl)
    done = make(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name == "shop" or name.startswith("shop.")]:
        del sys.modules[name]


def make(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [BIN / "hansa", "client", "operations", "--supergraph", "supergraph.graphql", "--out", "shop"]
    command += ["--scalar", "DateTime=datetime.datetime", "--manifest", "manifest.json", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def http_of(graph: Harness) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(graph.app))


def test_it_is_strictly_typed_and_laid_out_as_ruff_lays_out(package: Path) -> None:
    (package / "use.py").write_text(USE)
    for command in (
        [BIN / "mypy", "--strict", "--warn-unreachable", "--no-incremental", "shop", "use.py"],
        [BIN / "ruff", "format", "--isolated", "--check", "shop"],
        [BIN / "ruff", "check", "--isolated", "--select", "E,F,I,UP,B", "--ignore", "E501", "shop"],
    ):
        done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


async def test_its_functions_give_typed_answers(
    package: Path, graph: Harness, subgraph: FakeSubgraph
) -> None:
    del package
    shop: Any = importlib.import_module("shop")
    variants: Any = importlib.import_module("shop.search")
    async with http_of(graph) as http:
        client = shop.Client(http, "http://router/graphql", headers={"x-tenant": "t1"})
        plain = (await shop.get_product(client, id="1")).product
        assert (plain.id, plain.full_name, plain.related) == ("1", "Chair", None)
        assert plain.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        whole = (await shop.get_product(client, id="1", with_related=True)).product
        assert [type(each) for each in whole.related] == [shop.Card]
        assert (await shop.get_product(client, id="9")).product is None

        since = datetime(2026, 1, 1, tzinfo=UTC)
        where = shop.Where(text="x", since=since, and_=[shop.Where(text="y", color=None)])
        product, review, user = (await shop.search(client, where=where)).search
        assert product == variants.SearchSearchProduct(full_name="Chair", color=shop.Color.RED)
        assert (review.body, review.list_, review.author) == ("Good", ["a"], shop.Author(name="Ann"))
        assert user == variants.SearchSearchUser()
        assert (await shop.find_node(client, id="u")).node.typename == "User"
        assert (await shop.quoted(client)).product is None
    sent = subgraph.requests[-3].variables["where"]
    assert sent == {
        "text": "x",
        "since": "2026-01-01T00:00:00Z",
        "and": [{"text": "y", "color": None}],
        "color": "RED",
    }


async def test_errors_are_raised_with_what_data_there_is(package: Path, graph: Harness) -> None:
    del package
    shop: Any = importlib.import_module("shop")
    async with http_of(graph) as http:
        with pytest.raises(shop.OperationError, match="not yours") as failure:
            await shop.rename(shop.Client(http, "http://router/graphql"), id="1", name="x")
        assert failure.value.data == shop.Rename(rename=None)
        assert failure.value.errors[0].path == ("rename",)
    page = httpx.MockTransport(lambda _: httpx.Response(502, text="<h1>Bad Gateway</h1>"))
    async with httpx.AsyncClient(transport=page) as http:
        with pytest.raises(shop.AnswerError, match="status 502"):
            await shop.find_node(shop.Client(http, "http://router/graphql"), id="1")


async def test_its_manifest_is_the_routers_persisted_query_list(
    package: Path, router: MakeHarness, subgraph: FakeSubgraph
) -> None:
    shop: Any = importlib.import_module("shop")
    listed = f"persisted_queries: {{enabled: true, local_manifests: [{package}/manifest.json], safelist: {{enabled: true, require_id: true}}}}"
    graph = router({"shop": subgraph}, config=f"apq: {{enabled: false}}\n{listed}")
    async with http_of(graph) as http:
        by_id = shop.Client(http, "http://router/graphql", persisted=True)
        assert (await shop.get_product(by_id, id="1")).product.full_name == "Chair"
        with pytest.raises(shop.OperationError):
            await shop.get_product(shop.Client(http, "http://router/graphql"), id="1")
    operations = json.loads((package / "manifest.json").read_text())["operations"]
    kinds = {each["name"]: each["type"] for each in operations}
    assert kinds == {
        "FindNode": "query", "GetProduct": "query", "Quoted": "query", "Rename": "mutation", "Search": "query",
    }  # fmt: skip


def test_again_it_is_the_same_and_what_is_gone_is_removed(package: Path) -> None:
    before = {file.name: file.read_text() for file in (package / "shop").iterdir()}
    (package / "shop" / "own.py").write_text("# not hansa's\n")
    assert make(package).returncode == 0
    after = {file.name: file.read_text() for file in (package / "shop").iterdir() if file.is_file()}
    assert after == {**before, "own.py": "# not hansa's\n"}
    (package / "operations" / "queries.graphql").write_text("query Only { product(id: 1) { ...Card } }")
    assert make(package).returncode == 0
    left = {file.name for file in (package / "shop").iterdir() if file.is_file()}
    assert left == {"__init__.py", "client.py", "fragments.py", "only.py", "own.py", "py.typed"}


def test_what_does_not_fit_is_told_with_its_place_and_nothing_is_written(package: Path) -> None:
    before = {file.name: file.read_text() for file in (package / "shop").iterdir()}
    (package / "operations" / "wrong.graphql").write_text("query Wrong {\n  product(id: 1) { nam }\n}")
    done = make(package)
    assert done.returncode == 1
    assert (
        done.stderr == "hansa: operations/wrong.graphql:2:20: Cannot query field 'nam' on type 'Product'.\n"
    )
    assert {file.name: file.read_text() for file in (package / "shop").iterdir()} == before
    assert make(package, "--schema", "supergraph.graphql").returncode == 2
    assert make(package, "--scalar", "DateTime").returncode == 2
