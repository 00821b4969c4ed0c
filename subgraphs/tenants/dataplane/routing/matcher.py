"""The routes of one host, compiled: a dictionary by prefix, in which a path looks itself up from its end.

A look-up costs one step for each segment of the path, however many routes there are, and has no choice: what wins is
decided when it is compiled.
"""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from subgraphs.tenants.dataplane.config import Route
from subgraphs.tenants.dataplane.paths import understood

T = TypeVar("T")


class NoRoute(Exception):  # noqa: N818 - a fact about the request
    """No route has the path."""


class NoMethod(Exception):  # noqa: N818 - the same
    """Routes have the path; `allowed` are their methods, sorted."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(", ".join(allowed))
        self.allowed = allowed


class _Routes(Struct, Generic[T]):
    """Those of one prefix: the first of each method that is named, and the first that takes any."""

    by_method: dict[str, tuple[int, T]]
    any_method: tuple[int, T] | None = None

    def add(self, route: Route, value: T) -> None:
        ranked = (route.priority, value)
        for method in route.methods:
            self.by_method.setdefault(method, ranked)
        if not route.methods and self.any_method is None:
            self.any_method = ranked

    def of(self, method: str) -> T | None:
        named, any_method = self.by_method.get(method), self.any_method
        if named is None:
            return any_method[1] if any_method is not None else None
        return any_method[1] if any_method is not None and any_method[0] > named[0] else named[1]


class Matcher(Generic[T]):
    """Gives the value of the route that wins (see `Route`)."""

    def __init__(self, routes: Iterable[tuple[Route, T]]) -> None:
        self._prefixes: dict[bytes, _Routes[T]] = {}
        for route, value in sorted(routes, key=lambda pair: (-pair[0].priority, pair[0].name)):
            prefix = understood(route.prefix.encode())
            assert prefix is not None, "the configuration is checked"
            self._prefixes.setdefault(prefix, _Routes({})).add(route, value)

    @property
    def prefixes(self) -> Mapping[bytes, object]:
        return self._prefixes

    def match(self, path: bytes, method: str) -> T:
        """The value for `path`, as it is understood. Raises NoRoute or NoMethod."""
        prefixes = self._prefixes
        prefix = path
        while True:
            routes = prefixes.get(prefix)
            if routes is not None and (found := routes.of(method)) is not None:
                return found
            end = prefix.rfind(b"/")
            if end > 0:
                prefix = prefix[:end]
            elif prefix != b"/":
                prefix = b"/"
            else:
                raise self._refusal(path)

    def _refusal(self, path: bytes) -> NoRoute | NoMethod:
        allowed: set[str] = set()
        prefix = path
        while prefix:
            if (routes := self._prefixes.get(prefix)) is not None:
                allowed.update(routes.by_method)
            prefix = prefix[: prefix.rfind(b"/")]
        if (routes := self._prefixes.get(b"/")) is not None:
            allowed.update(routes.by_method)
        return NoMethod(tuple(sorted(allowed))) if allowed else NoRoute()
