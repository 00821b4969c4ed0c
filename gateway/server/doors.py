"""The ASGI apps of one server by path: the router at its own, others below a prefix."""

from collections.abc import Mapping

from gateway.server.asgi import ASGIApp, Receive, Scope, Send


class Doors:
    """Sends a request by its whole path to one of `paths`, by its path's first segment to one of `prefixes`, any other
    one to `otherwise`.

    An app below a prefix sees its path without it; it is added to `root_path`. Litestar's own mounts would not do: one
    at `/` hides all others, and finding its way to one costs as much as half of what the router does itself.
    """

    def __init__(
        self, paths: Mapping[str, ASGIApp], prefixes: Mapping[str, ASGIApp], *, otherwise: ASGIApp
    ) -> None:
        self._paths = paths
        self._prefixes = {prefix.strip("/"): app for prefix, app in prefixes.items()}
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._paths.get(scope["path"]) if scope["type"] == "http" else None
        if app is not None:
            await app(scope, receive, send)
            return
        segment, slash, rest = scope["path"][1:].partition("/")
        app = self._prefixes.get(segment)
        if app is None:
            await self._otherwise(scope, receive, send)
        else:
            root_path = f"{scope.get('root_path', '')}/{segment}"
            await app({**scope, "path": slash + rest or "/", "root_path": root_path}, receive, send)
