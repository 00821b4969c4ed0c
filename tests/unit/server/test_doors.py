from typing import Any

import pytest

from gateway.server.doors import Doors


def app(name: str) -> Any:
    async def answer(scope: Any, _receive: Any, send: Any) -> None:
        await send((name, scope.get("root_path", ""), scope["path"]))

    return answer


PATHS = {"/graphql": app("router"), "/from/subgraphs/*": app("callbacks")}
DOORS = Doors(PATHS, {"/links": app("links")}, otherwise=app("console"))


async def ask(path: str, *, root_path: str = "", kind: str = "http") -> Any:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await DOORS({"type": kind, "path": path, "root_path": root_path}, None, send)
    (message,) = sent
    return message


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/graphql", ("router", "", "/graphql")),
        ("/graphql/", ("router", "", "/graphql/")),
        ("/graphqlx", ("console", "", "/graphqlx")),
        ("/", ("console", "", "/")),
        ("/from/subgraphs/1", ("callbacks", "", "/from/subgraphs/1")),
        ("/from/subgraphs", ("console", "", "/from/subgraphs")),
        ("/from/subgraphs/1/2", ("console", "", "/from/subgraphs/1/2")),
        ("/links", ("links", "/links", "/")),
        ("/links/a/b", ("links", "/links", "/a/b")),
    ],
)
async def test_a_path_leads_to_its_app(path: str, found: tuple[str, str, str]) -> None:
    assert await ask(path) == found


async def test_the_path_that_the_whole_is_mounted_at_is_no_part_of_it() -> None:
    assert await ask("/api/graphql", root_path="/api") == ("router", "/api", "/graphql")
    assert await ask("/api/links/a", root_path="/api") == ("links", "/api/links", "/a")
    assert await ask("/graphql", root_path="/api") == ("router", "/api", "/graphql")


async def test_websockets_are_for_apps_below_a_prefix() -> None:
    assert await ask("/links/a", kind="websocket") == ("links", "/links", "/a")
    for path in ("/graphql", "/"):
        assert await ask(path, kind="websocket") == {"type": "websocket.close"}
