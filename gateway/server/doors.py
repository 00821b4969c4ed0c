"""Further ASGI apps below a path prefix."""

from collections.abc import Mapping

from gateway.server.asgi import ASGIApp, Receive, Scope, Send


class Prefixes:
    """Sends a request by the first segment of its path to one of `apps`, any other one to `otherwise`.

    An app sees its path without the prefix, which is added to `root_path`. Litestar's own mounts would not do:
    one at `/` hides all others.
    """

    def __init__(self, apps: Mapping[str, ASGIApp], otherwise: ASGIApp) -> None:
        self._apps = {prefix.strip("/"): app for prefix, app in apps.items()}
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        segment, slash, rest = scope["path"][1:].partition("/")
        app = self._apps.get(segment)
        if app is None:
            await self._otherwise(scope, receive, send)
        else:
            root_path = f"{scope.get('root_path', '')}/{segment}"
            await app({**scope, "path": slash + rest or "/", "root_path": root_path}, receive, send)
