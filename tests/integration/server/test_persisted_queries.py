"""Operations of a manifest run by their id; with a safelist no others do."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.server.config import ConfigError, parse_config
from gateway.server.persisted_queries.manifest import ManifestError, read_manifests
from gateway.server.persisted_queries.safelist import Safelist

BODY = "query Names($n: Int) { products(first: $n) { ...P } }\nfragment P on Product { name }"
LAID_OUT_ELSE = "# by a client\nfragment P on Product {name}, query Names ($n:Int) {products(first:$n){...P}}"
ANSWER = {"data": {"products": [{"name": "Chair"}]}}
MakeClient = Callable[..., httpx.AsyncClient]


def manifest(*operations: dict[str, Any], version: int = 1) -> str:
    return json.dumps(
        {
            "format": "apollo-persisted-query-manifest",
            "version": version,
            "operations": list(operations),
        }
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.json"
    names = {"id": "names-1", "name": "Names", "type": "query", "body": BODY}
    apps = {"id": "names-1", "clientName": "app", "body": "{products(first: 1) {id}}"}
    path.write_text(manifest(names, apps))
    return path


@pytest.fixture
def client_with(
    make_router: Callable[..., Any], client_of: Callable[..., httpx.AsyncClient], file: Path
) -> MakeClient:
    """A client of a router with the manifest and further members of `persisted_queries`."""

    def make(members: str, others: str = "apq: {enabled: false}") -> httpx.AsyncClient:
        text = f"persisted_queries: {{enabled: true, local_manifests: ['{file}'], {members}}}\n{others}"
        return client_of(make_router(parse_config(text, {})))

    return make


def by_id(id_: str = "names-1", **members: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": id_}}, **members}


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


async def test_an_operation_runs_by_its_id(client_with: MakeClient) -> None:
    async with client_with("") as client:
        answer = await client.post("/graphql", json=by_id(variables={"n": 1}))
        assert answer.json() == ANSWER
        parameters = {"extensions": json.dumps(by_id()["extensions"]), "variables": '{"n": 1}'}
        assert (await client.get("/graphql", params=parameters)).json() == ANSWER


async def test_a_clients_own_operation_beats_that_of_all(client_with: MakeClient) -> None:
    async with client_with("") as client:
        answer = await client.post("/graphql", json=by_id(), headers={"apollographql-client-name": "app"})
        assert answer.json() == {"data": {"products": [{"id": "1"}]}}


async def test_an_unknown_id_is_404_for_every_media_type(client_with: MakeClient) -> None:
    async with client_with("") as client:
        for accept in ("application/json", "application/graphql-response+json"):
            body = by_id("nowhere", operationName="Names")
            answer = await client.post("/graphql", json=body, headers={"accept": accept})
            assert error(answer) == (404, "PERSISTED_QUERY_NOT_IN_LIST")
            assert answer.headers["cache-control"] == "private, no-cache, must-revalidate"
            assert answer.json()["errors"][0] == {
                "message": "Persisted query 'nowhere' not found in the persisted query list",
                "extensions": {"code": "PERSISTED_QUERY_NOT_IN_LIST", "operation_name": "Names"},
            }


async def test_an_id_with_a_body_is_refused_where_nothing_is_registered(client_with: MakeClient) -> None:
    async with client_with("") as client:
        answer = await client.post("/graphql", json=by_id(query="{__typename}"))
        assert error(answer) == (400, "CANNOT_SEND_PQ_ID_AND_BODY")


async def test_other_documents_run_without_a_safelist(client_with: MakeClient) -> None:
    async with client_with("") as client:
        answer = await client.post("/graphql", json={"query": "{products(first: 1) {name}}"})
        assert answer.json() == ANSWER


async def test_with_apq_a_hash_that_no_manifest_has_is_looked_for_there(client_with: MakeClient) -> None:
    async with client_with("", others="") as client:
        assert error(await client.post("/graphql", json=by_id("0" * 64))) == (
            200,
            "PERSISTED_QUERY_NOT_FOUND",
        )


@pytest.mark.parametrize("query", [BODY, LAID_OUT_ELSE])
async def test_a_safelist_lets_listed_documents_pass_however_they_are_laid_out(
    client_with: MakeClient, query: str
) -> None:
    async with client_with("safelist: {enabled: true}") as client:
        for _ in range(2):
            answer = await client.post("/graphql", json={"query": query, "variables": {"n": 1}})
            assert answer.json() == ANSWER
        assert (await client.post("/graphql", json=by_id(variables={"n": 1}))).json() == ANSWER


@pytest.mark.parametrize(
    "query",
    [
        "{products {id name}}",
        BODY.replace("{ name }", "{ name id }"),
        BODY + " query Other {products {id}}",
        "{__typename products {id}}",
        "{... on Query {products {id}}}",
    ],
)
async def test_a_safelist_refuses_all_others(
    client_with: MakeClient, subgraphs: dict[str, Any], query: str
) -> None:
    async with client_with("safelist: {enabled: true}") as client:
        for _ in range(2):
            body = {"query": query, "operationName": "Names" if "Names" in query else None}
            answer = await client.post("/graphql", json=body)
            assert error(answer) == (403, "QUERY_NOT_IN_SAFELIST")
        assert subgraphs["products"].requests == []


async def test_a_safelist_lets_introspection_pass_where_it_is_on(client_with: MakeClient) -> None:
    query = {"query": "{__schema {queryType {name}} ...F} fragment F on Query {__typename ...F}"}
    document = {"query": "{__schema {queryType {name}} ...F} fragment F on Query {__typename}"}
    on = "apq: {enabled: false}\nsupergraph: {introspection: true}"
    async with client_with("safelist: {enabled: true}", on) as client:
        assert "data" in (await client.post("/graphql", json=document)).json()
        assert error(await client.post("/graphql", json=query))[1] == "GRAPHQL_VALIDATION_FAILED"
    async with client_with("safelist: {enabled: true}") as client:
        assert error(await client.post("/graphql", json=document))[1] == "INTROSPECTION_DISABLED"


async def test_an_id_may_be_required(client_with: MakeClient) -> None:
    async with client_with("safelist: {enabled: true, require_id: true}") as client:
        for body in ({"query": BODY}, {}, {"query": "{__typename}"}):
            assert error(await client.post("/graphql", json=body)) == (400, "PERSISTED_QUERY_ID_REQUIRED")
        assert (await client.post("/graphql", json=by_id(variables={"n": 1}))).json() == ANSWER


@pytest.mark.parametrize(
    ("safelist", "status"),
    [("", 200), ("safelist: {enabled: true}", 403), ("safelist: {enabled: true, require_id: true}", 400)],
)
async def test_unknown_documents_are_logged(
    client_with: MakeClient, caplog: pytest.LogCaptureFixture, safelist: str, status: int
) -> None:
    caplog.set_level(logging.WARNING, "hansa.router")
    async with client_with(f"log_unknown: true, {safelist}") as client:
        await client.post("/graphql", json=by_id())
        answer = await client.post("/graphql", json={"query": "{products {id}}"})
        assert answer.status_code == status
    logged = [record.__dict__["data"] for record in caplog.records if record.message == "unknown operation"]
    assert logged == [{"operation_body": "{products {id}}"}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "not a persisted query manifest of version 1"),
        (manifest(version=2), "not a persisted query manifest of version 1"),
        (manifest({"id": "a", "body": "{a}"}, {"id": "a", "body": "{b}"}), "the id 'a' has another body"),
        (manifest({"id": "a", "body": "{"}), "The operation 'a' of a manifest is no GraphQL document"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "manifest.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ManifestError, match=message):
        Safelist(read_manifests([str(file)]), refuses=True, logs=False)


@pytest.mark.parametrize(
    "text",
    [
        "persisted_queries: {enabled: true}",
        "persisted_queries: {enabled: true, local_manifests: [a], safelist: {enabled: true}}",
    ],
)
def test_a_configuration_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_config(text, {})
