from pathlib import Path

import httpx
import pytest

from gateway.server.console import Console


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<title>console</title>")
    (dist / "assets" / "index-3f2a.js").write_text("1")
    (dist / "favicon.svg").write_text("<svg/>")
    return dist


def client(directory: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Console(directory)), base_url="http://router")


async def test_the_page_is_asked_for_again_each_time(dist: Path) -> None:
    async with client(dist) as http:
        page = await http.get("/")
        assert (page.status_code, page.text) == (200, "<title>console</title>")
        assert page.headers["cache-control"] == "no-cache"
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        again = await http.get("/", headers={"if-none-match": page.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("root_path", "told"), [("", "/api/graphql"), ("/shop", "/shop/api/graphql")])
async def test_the_page_is_told_the_routers_path_below_its_mounts(
    dist: Path, root_path: str, told: str
) -> None:
    (dist / "index.html").write_text('<meta name="hansa-endpoint" content="/graphql" />')
    transport = httpx.ASGITransport(Console(dist, endpoint="/api/graphql"), root_path=root_path)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://router") as http,
        client(dist) as plain,
    ):
        page = await http.get("/")
        assert page.text == f'<meta name="hansa-endpoint" content="{told}" />'
        assert page.headers["content-length"] == str(len(page.content))
        other = await plain.get("/", headers={"if-none-match": page.headers["etag"]})
        assert 'content="/graphql"' in other.text


async def test_a_changed_page_has_another_tag(dist: Path) -> None:
    async with client(dist) as http:
        tag = (await http.get("/")).headers["etag"]
        (dist / "index.html").write_text("another")
        assert (await http.get("/", headers={"if-none-match": tag})).text == "another"


async def test_hashed_assets_are_cached_for_good(dist: Path) -> None:
    async with client(dist) as http:
        script = await http.get("/assets/index-3f2a.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_head_has_the_headers_and_no_body(dist: Path) -> None:
    async with client(dist) as http:
        head = await http.head("/favicon.svg")
    assert (head.headers["content-length"], head.content) == ("6", b"")
    assert head.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    "path", ["/missing", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "//etc/passwd", "/assets", "/%00"]
)
async def test_nothing_outside_of_the_folder_is_served(dist: Path, path: str) -> None:
    async with client(dist) as http:
        assert (await http.get(path)).status_code == 404


async def test_a_post_is_405(dist: Path) -> None:
    async with client(dist) as http:
        answer = await http.post("/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_console_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    async with client(tmp_path) as http:
        answer = await http.get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text
