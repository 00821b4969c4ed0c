"""Files beside an operation reach the subgraph whose variables they are, while they come."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import strawberry
from litestar import Litestar
from strawberry.federation import Schema
from strawberry.file_uploads import Upload
from strawberry.litestar import make_graphql_controller

from gateway.composition import Subgraph, compose
from gateway.server.app import create_router_app
from gateway.server.config import parse_config
from gateway.server.router import Router
from gateway.supergraph import Supergraph

# Strawberry's controller for Litestar is not yet written in the way of Litestar 3.
pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency field")

ON = "{preview_file_uploads: {enabled: true, protocols: {multipart: {limits: {max_file_size: 2MiB, max_files: 3}}}}}"
PREFLIGHT = {"apollo-require-preflight": "true"}
KEEP = "mutation($file: Upload!) {keep(file: $file)}"


HEAD = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
BEGUN = (
    HEAD % (b"operations", json.dumps({"query": KEEP, "variables": {"file": None}}).encode())
    + HEAD % (b"map", b'{"0": ["variables.file"]}')
    + b'--x\r\nContent-Disposition: form-data; name="0"; filename="a"\r\n\r\nfirst bytes'
)


async def described(*files: Any) -> list[str]:
    """What each holds; they are closed here, since Litestar does it only after its answer, which may be too late."""
    found = [description(file.filename, file.content_type, await file.read()) for file in files]
    for file in files:
        await file.close()
    return found


def description(name: str, media_type: str, content: bytes) -> str:
    return f"{name} {media_type} {hashlib.sha256(content).hexdigest()}"


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "hello"

    @strawberry.field
    async def read(self, file: Upload) -> str:
        return (await described(file))[0]


@strawberry.input
class Picture:
    title: str
    file: Upload


@strawberry.type
class Pictures:
    @strawberry.mutation
    async def keep(self, file: Upload) -> str:
        return (await described(file))[0]

    @strawberry.mutation
    async def picture(self, picture: Picture) -> str:
        return f"{picture.title} {(await described(picture.file))[0]}"


@strawberry.type
class Documents:
    @strawberry.mutation
    async def store(self, files: list[Upload], note: str) -> list[str]:
        return [f"{note} {each}" for each in await described(*files)]


@strawberry.type
class Other:
    @strawberry.field
    def other(self) -> str:
        return "other"


SCHEMAS = {"pictures": Schema(Query, Pictures), "documents": Schema(Other, Documents)}


@pytest.fixture(scope="module")
def supergraph() -> Supergraph:
    result = compose(
        Subgraph(name=name, url=f"app://{name}/", sdl=schema.as_str()) for name, schema in SCHEMAS.items()
    )
    assert result.supergraph_sdl, result.errors
    return Supergraph.from_sdl(result.supergraph_sdl)


@pytest.fixture
def apps() -> dict[str, Any]:
    return {
        name: Litestar([make_graphql_controller(schema, path="/", multipart_uploads_enabled=True)])
        for name, schema in SCHEMAS.items()
    }


@pytest.fixture(params=["in process", "sockets"])
async def client(
    request: pytest.FixtureRequest, supergraph: Supergraph, apps: dict[str, Any], serve: Callable[..., Any]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a router that takes files, its subgraphs in this process or behind sockets."""
    config = parse_config(ON, {})
    if request.param == "in process":
        app = create_router_app(Router(supergraph, config, apps=apps))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://router") as http:
            yield http
        return
    async with serve(apps["pictures"]) as pictures, serve(apps["documents"]) as documents:
        urls = f"override_subgraph_url: {{pictures: '{pictures}/', documents: '{documents}/'}}"
        config = parse_config(f"{ON[1:-1]}\n{urls}", {})
        async with (
            serve(create_router_app(Router(supergraph, config))) as url,
            httpx.AsyncClient(base_url=url) as http,
        ):
            yield http


async def send(
    client: httpx.AsyncClient,
    operations: Any,
    places: dict[str, list[str]],
    files: dict[str, tuple[str, bytes, str]],
) -> httpx.Response:
    fields = {"operations": (None, json.dumps(operations)), "map": (None, json.dumps(places))}
    return await client.post("/graphql", files={**fields, **files}, headers=PREFLIGHT)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


async def test_a_file_reaches_its_subgraph_with_its_name_and_type(client: httpx.AsyncClient) -> None:
    content = bytes(range(256)) * 5000
    operations = {"query": KEEP, "variables": {"file": None}}
    files = {"0": ("naïve “a”.png", content, "image/png")}
    answer = await send(client, operations, {"0": ["variables.file"]}, files)
    assert answer.json() == {"data": {"keep": description("naïve “a”.png", "image/png", content)}}


async def test_a_query_may_have_a_file_and_others_are_answered_as_ever(client: httpx.AsyncClient) -> None:
    operations = {"query": "query($f: Upload!) {read(file: $f) hello other}", "variables": {"f": None}}
    answer = await send(client, operations, {"x": ["variables.f"]}, {"x": ("a", b"abc", "text/plain")})
    assert answer.json() == {
        "data": {"read": description("a", "text/plain", b"abc"), "hello": "hello", "other": "other"}
    }
    assert (await client.post("/graphql", json={"query": "{hello}"})).json() == {"data": {"hello": "hello"}}


@pytest.mark.parametrize("order", ["012", "210", "120"])
async def test_files_of_several_subgraphs_reach_each_its_own_in_any_order(
    client: httpx.AsyncClient, order: str
) -> None:
    query = """
      mutation($files: [Upload!]!, $picture: Picture!) {
        first: picture(picture: $picture)
        store(files: $files, note: "n")
      }"""
    operations = {
        "query": query,
        "variables": {"files": [None, None], "picture": {"title": "t", "file": None}},
    }
    places = {"0": ["variables.picture.file"], "1": ["variables.files.0"], "2": ["variables.files.1"]}
    contents = {"0": b"picture" * 50_000, "1": b"", "2": b"\r\n--x\r\n" * 200_000}
    files = {key: (f"{key}.bin", contents[key], "application/x-bin") for key in order}
    answer = await send(client, operations, places, files)
    first, *others = [description(f"{key}.bin", "application/x-bin", contents[key]) for key in "012"]
    assert answer.json() == {"data": {"first": f"t {first}", "store": [f"n {other}" for other in others]}}


async def test_one_file_may_stand_in_several_places(client: httpx.AsyncClient) -> None:
    query = 'mutation($files: [Upload!]!) {store(files: $files, note: "n")}'
    places = {"0": ["variables.files.0", "variables.files.1"]}
    answer = await send(
        client,
        {"query": query, "variables": {"files": [None, None]}},
        places,
        {"0": ("a", b"abc", "text/plain")},
    )
    first, second = answer.json()["data"]["store"]
    assert first.startswith("n a text/plain ")
    assert second.startswith("n a text/plain ")


async def reads_all(_scope: Any, receive: Any, _send: Any) -> None:
    while (await receive()).get("more_body", False):
        pass


@pytest.mark.parametrize("place", ["in process", "socket"])
@pytest.mark.parametrize(
    "files", [{"0": ("a", bytes(2 * 1024 * 1024 + 1), "x/y")}, {"1": ("a", b"", "x/y")}, {}]
)
async def test_a_file_that_is_too_large_or_missing_costs_its_field(
    supergraph: Supergraph, serve: Callable[..., Any], place: str, files: Any
) -> None:
    operations = {"query": KEEP, "variables": {"file": None}}
    async with serve(reads_all) as pictures:
        url = f"{pictures}/" if place == "socket" else "app://pictures/"
        config = parse_config(f"{ON[1:-1]}\noverride_subgraph_url: {{pictures: '{url}'}}", {})
        router = Router(supergraph, config, apps={"pictures": reads_all, "documents": reads_all})
        async with httpx.AsyncClient(transport=httpx.ASGITransport(router), base_url="http://r") as client:
            answer = await send(client, operations, {"0": ["variables.file"]}, files)
        await router.close()
    assert answer.json()["data"] is None
    assert "an uploaded file is missing, incomplete or larger" in answer.json()["errors"][0]["message"]


async def test_more_files_than_the_limit_are_refused(client: httpx.AsyncClient) -> None:
    places: dict[str, list[str]] = {str(index): [] for index in range(4)}
    answer = await send(client, {"query": "{hello}"}, places, {})
    assert code(answer) == (413, "FILE_UPLOAD")


@pytest.mark.parametrize(
    ("operations", "places"),
    [
        ({"query": KEEP, "variables": {"file": None}}, {"0": ["file"]}),
        ({"query": KEEP, "variables": {"file": None}}, {"0": ["variables"]}),
        ({"query": KEEP, "variables": {"file": None}}, {"0": ["variables.other"]}),
        ({"query": KEEP, "variables": {"file": None}}, {"0": ["variables.file.0"]}),
        ({"query": KEEP, "variables": {"file": "x"}}, {"0": ["variables.file"]}),
        ({"query": KEEP, "variables": {"file": [None]}}, {"0": ["variables.file.1"]}),
        ({"query": KEEP}, {"0": ["variables.file"]}),
        ({"query": KEEP, "variables": {"file": None}}, {"0": 1}),
        ({"query": KEEP, "variables": {"file": None}}, []),
    ],
)
async def test_a_map_that_leads_nowhere_is_a_bad_request(
    client: httpx.AsyncClient, operations: Any, places: Any
) -> None:
    assert code(await send(client, operations, places, {"0": ("a", b"", "x/y")})) == (400, "FILE_UPLOAD")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="map"\r\n\r\n{}\r\n--x--',
        ),
        ("multipart/form-data; boundary=x", b"no form at all"),
    ],
)
async def test_a_body_that_is_no_form_is_a_bad_request(
    client: httpx.AsyncClient, content_type: str, body: bytes
) -> None:
    answer = await client.post("/graphql", content=body, headers={**PREFLIGHT, "content-type": content_type})
    assert code(answer) == (400, "FILE_UPLOAD")


async def test_a_batch_with_files_and_a_form_without_the_required_header_are_refused(
    client: httpx.AsyncClient,
) -> None:
    assert code(await send(client, [{"query": "{hello}"}], {}, {"0": ("a", b"", "x/y")}))[0] == 400
    files = {"operations": (None, '{"query":"{hello}"}'), "map": (None, "{}")}
    assert code(await client.post("/graphql", files=files)) == (400, "CSRF_ERROR")


async def test_a_router_that_takes_no_files_says_415(
    supergraph: Supergraph, apps: dict[str, Any], client_of: Callable[..., httpx.AsyncClient]
) -> None:
    router = Router(supergraph, apps=apps)
    async with client_of(router) as client:
        assert (await send(client, {"query": "{hello}"}, {}, {})).status_code == 415
    await router.close()


async def test_the_subgraph_has_the_first_bytes_before_the_client_has_sent_the_last(
    supergraph: Supergraph, apps: dict[str, Any], serve: Callable[..., Any]
) -> None:
    arrived = asyncio.Event()

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        async def watched() -> Any:
            message = await receive()
            if b"first bytes" in message.get("body", b""):
                arrived.set()
            return message

        await apps["pictures"](scope, watched, send)

    async def body() -> AsyncIterator[bytes]:
        yield BEGUN
        async with asyncio.timeout(10):
            await arrived.wait()
        yield b"\r\n--x--\r\n"

    async with serve(watching) as pictures:
        config = parse_config(f"{ON[1:-1]}\noverride_subgraph_url: {{pictures: '{pictures}/'}}", {})
        router = create_router_app(Router(supergraph, config, apps=apps))
        async with serve(router) as url, httpx.AsyncClient(base_url=url) as client:
            headers = {**PREFLIGHT, "content-type": "multipart/form-data; boundary=x"}
            answer = await client.post("/graphql", content=body(), headers=headers)
    assert answer.json() == {"data": {"keep": description("a", "application/octet-stream", b"first bytes")}}


@pytest.mark.parametrize("place", ["in process", "socket"])
@pytest.mark.parametrize("client", ["leaves", "stalls"])
async def test_a_client_that_does_not_send_its_file_to_the_end_holds_nobody_up(
    supergraph: Supergraph, serve: Callable[..., Any], place: str, client: str
) -> None:
    async with serve(reads_all) as pictures:
        url = f"{pictures}/" if place == "socket" else "app://pictures/"
        text = f"override_subgraph_url: {{pictures: '{url}'}}\ntraffic_shaping: {{all: {{timeout: 200ms}}}}"
        router = Router(
            supergraph, parse_config(f"{ON[1:-1]}\n{text}", {}), apps=dict.fromkeys(SCHEMAS, reads_all)
        )
        sent: list[Any] = []
        coming = [{"type": "http.request", "body": BEGUN, "more_body": True}]

        async def receive() -> Any:
            if coming:
                return coming.pop()
            if client == "stalls":
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"content-type", b"multipart/form-data; boundary=x"), (b"apollo-require-preflight", b"1")]
        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
        async with asyncio.timeout(10):
            await router(scope, receive, send)
        await router.close()
    body = json.loads(sent[1]["body"])
    assert body["data"] is None
    assert ("timed out" if client == "stalls" else "uploaded file") in body["errors"][0]["message"]
