"""Whether a configuration holds together, with errors that name the place: `routes[3].upstream: there is no upstream "x"`."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from subgraphs.tenants.dataplane.config import Configuration, Cors, HeaderRules, Policy, Route, Upstream
from subgraphs.tenants.dataplane.paths import understood

_SCHEMES = ("http", "https", "unix")
_FRAMING = frozenset(
    ("connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
"""Headers by which messages are told apart: a rule that touched them would let two sides disagree."""


_MAX_ENTRIES = 1_000_000


class Problem(Struct, frozen=True):
    """`place` is a path into the document, such as `routes[3].upstream`."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class ConfigurationError(Exception):
    """The configuration cannot be served; every reason is in `problems`."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def read(document: bytes) -> Configuration:
    """The configuration in `document`, JSON, once it is checked. Raises ConfigurationError."""
    try:
        configuration = msgspec.json.decode(document, type=Configuration)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message, _, place = str(error).partition(" - at `$")
        raise ConfigurationError((Problem(place.rstrip("`").lstrip(".") or "$", message),)) from None
    check(configuration)
    return configuration


def check(configuration: Configuration) -> None:
    """Raises ConfigurationError with everything that is wrong."""
    problems = tuple(_problems(configuration))
    if problems:
        raise ConfigurationError(problems)


def _problems(configuration: Configuration) -> Iterator[Problem]:
    yield from _repeated("hosts", configuration.hosts)
    yield from _repeated("routes", tuple(route.name for route in configuration.routes))
    for position, route in enumerate(configuration.routes):
        yield from _in_route(f"routes[{position}]", route, configuration)
    yield from _too_many(configuration)
    for name, upstream in configuration.upstreams.items():
        yield from _in_upstream(f"upstreams.{name}", upstream)
    for name, policy in configuration.policies.items():
        yield from _in_policy(f"policies.{name}", policy)


def _repeated(place: str, names: tuple[str, ...]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for position, name in enumerate(names):
        first = seen.setdefault(name, position)
        if first != position:
            yield Problem(f"{place}[{position}]", f'"{name}" is at {place}[{first}] already')


def _in_route(place: str, route: Route, configuration: Configuration) -> Iterator[Problem]:
    if route.upstream not in configuration.upstreams:
        yield Problem(f"{place}.upstream", f'there is no upstream "{route.upstream}"')
    if route.policy not in configuration.policies:
        yield Problem(f"{place}.policy", f'there is no policy "{route.policy}"')
    for position, host in enumerate(route.hosts):
        if host not in configuration.hosts:
            yield Problem(f"{place}.hosts[{position}]", f'"{host}" is not one of the hosts')
    if not _is_prefix(route.prefix):
        yield Problem(
            f"{place}.prefix", "no path has it as it is read: no `//`, `;`, dot segments or `/` at its end"
        )


def _too_many(configuration: Configuration) -> Iterator[Problem]:
    """A host for which a route is named has a table of its own."""
    own = {host for route in configuration.routes for host in route.hosts}
    if len(own) * len(configuration.routes) > _MAX_ENTRIES:
        yield Problem("routes", f"{len(own)} hosts with routes of their own are too many for so many routes")


def _is_prefix(prefix: str) -> bool:
    path = prefix.encode()
    return understood(path) is not None and ";" not in prefix and (path == b"/" or not path.endswith(b"/"))


def _in_upstream(place: str, upstream: Upstream) -> Iterator[Problem]:
    yield from _repeated(f"{place}.targets", tuple(target.url for target in upstream.targets))
    for position, target in enumerate(upstream.targets):
        if (message := _wrong_with(target.url)) is not None:
            yield Problem(f"{place}.targets[{position}].url", message)


def _wrong_with(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in _SCHEMES:
        return "expected http://, https:// or unix://"
    if parts.query or parts.fragment or parts.username or "@" in parts.netloc:
        return "has more than a scheme, a host and a port"
    if parts.scheme == "unix":
        return None if parts.path else "names no socket"
    if not host:
        return "has no host"
    return "has a path; routes have those" if parts.path not in ("", "/") else None


def _in_policy(place: str, policy: Policy) -> Iterator[Problem]:
    yield from _in_headers(f"{place}.request_headers", policy.request_headers)
    yield from _in_headers(f"{place}.response_headers", policy.response_headers)
    if policy.scopes and not policy.key_required:
        yield Problem(f"{place}.scopes", "only a key has scopes, and none is required")
    if policy.cors is not None:
        yield from _in_cors(f"{place}.cors", policy.cors)


def _in_headers(place: str, rules: HeaderRules) -> Iterator[Problem]:
    for name in (*rules.set, *rules.remove):
        if name.lower() in _FRAMING:
            yield Problem(place, f'"{name}" frames the message and cannot be changed')


def _in_cors(place: str, cors: Cors) -> Iterator[Problem]:
    if cors.credentials and "*" in cors.origins:
        yield Problem(f"{place}.origins", "`*` cannot go with credentials")
