"""A client's HTTP request, as far as it is read before its body."""

from msgspec import Struct

from gateway.server.asgi import Scope


class HttpRequest(Struct, frozen=True):
    """Method, URL and headers; `headers` has the last of each lower-case name, `raw_headers` all as they came.

    `client_address` is the connection's other end, None where there is no network between. What is said of it
    (`X-Forwarded-For`) is believed only where the server is told to trust who says it. `scope` is ASGI's, in which the apps
    around the router may have left what they know.
    """

    method: str
    path: str
    query_string: bytes
    headers: dict[bytes, bytes]
    raw_headers: list[tuple[bytes, bytes]]
    client_address: str | None = None
    scope: Scope = {}

    @classmethod
    def from_scope(cls, scope: Scope) -> "HttpRequest":
        raw = list(scope["headers"])
        address = (scope.get("client") or (None,))[0] or None
        return cls(
            scope["method"], scope["path"], scope.get("query_string", b""), dict(raw), raw, address, scope
        )

    def header(self, name: bytes) -> str | None:
        """The last header of that lower-case name."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def all(self, name: bytes) -> list[str]:
        """Every header of that lower-case name."""
        return [value.decode("latin-1") for key, value in self.raw_headers if key == name]

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All headers as text."""
        return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in self.raw_headers)
