"""The ASGI apps of one server by path: each at its own, others below a prefix."""

from collections.abc import Mapping

from gateway.server.asgi import ASGIApp, Receive, Scope, Send


class Doors:
    """Sends a request by its whole path to one of `paths`, by its path's first segment to one of `prefixes`, any other
    one to `otherwise`.

    A slash at the end makes no difference to `paths`; one that ends with `/*` is for any one segment there. An app below
    a prefix sees its path without it; it is added to `root_path`. WebSockets are for the app at `websockets` and for
    those below a prefix.
    """

    def __init__(
        self,
        paths: Mapping[str, ASGIApp],
        prefixes: Mapping[str, ASGIApp],
        *,
        otherwise: ASGIApp,
        websockets: str | None = None,
    ) -> None:
        self._paths = paths
        self._websockets = websockets
        self._prefixes = {prefix.strip("/"): app for prefix, app in prefixes.items()}
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._paths.get(scope["path"])
        if app is None or scope["type"] != "http":
            app, scope = self._find(scope)
        await app(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[ASGIApp, Scope]:
        root: str = scope.get("root_path", "")
        path: str = scope["path"].removeprefix(root)
        segment, slash, rest = path[1:].partition("/")
        below = self._prefixes.get(segment)
        if below is not None:
            return below, {**scope, "path": slash + rest or "/", "root_path": f"{root}/{segment}"}
        if scope["type"] == "websocket":
            is_served = path.rstrip("/") == (self._websockets or "").rstrip("/")
            return (self._paths[self._websockets] if self._websockets and is_served else _close), scope
        app = self._paths.get(path) or self._paths.get(path.rstrip("/"))
        app = app or self._paths.get(f"{path.rpartition('/')[0]}/*", self._otherwise)
        return app, {**scope, "path": path}


async def _close(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close"})
