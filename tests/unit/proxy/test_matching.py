"""Guarantee: a request has one route, whatever the order in which routes are written down."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.tenants.dataplane.config import Route
from subgraphs.tenants.dataplane.routing import Hosts, Matcher, NoMethod, NoRoute, host_of

SEGMENTS = st.sampled_from(["a", "b", "%61"])
PREFIXES = st.lists(SEGMENTS, max_size=2).map(lambda segments: "/" + "/".join(segments))
PATHS = st.lists(st.sampled_from(["a", "b", "ab", ""]), max_size=5).map(
    lambda segments: "/" + "/".join(segments)
)
METHODS = ("GET", "POST", "PUT")


def route(name: str, prefix: str, methods: Sequence[str] = (), priority: int = 0) -> Route:
    return Route(
        name=name, upstream="u", policy="p", prefix=prefix, methods=tuple(methods), priority=priority
    )


def routes() -> st.SearchStrategy[list[Route]]:
    parts = st.tuples(PREFIXES, st.sets(st.sampled_from(METHODS), max_size=2), st.integers(-1, 1))
    return st.lists(parts, max_size=12).map(
        lambda many: [route(f"r{number:02}", *each) for number, each in enumerate(many)]
    )


def naive(routes: Sequence[Route], path: str, method: str) -> str:
    """What `Route` says, word by word."""

    def prefix(each: Route) -> str:
        return each.prefix.replace("%61", "a")

    having_path = [
        each for each in routes if prefix(each) == "/" or f"{path}/".startswith(f"{prefix(each)}/")
    ]
    having_method = [each for each in having_path if not each.methods or method in each.methods]
    if having_method:
        return min(
            having_method,
            key=lambda each: (-len(prefix(each)), -each.priority, not each.methods, each.name),
        ).name
    allowed = sorted({name for each in having_path for name in each.methods})
    return f"no method but {', '.join(allowed)}" if having_path else "no route"


def compiled(routes: Sequence[Route], path: str, method: str) -> str:
    try:
        return Matcher([(each, each.name) for each in routes]).match(path.encode(), method)
    except NoMethod as refusal:
        return f"no method but {', '.join(refusal.allowed)}"
    except NoRoute:
        return "no route"


@given(routes(), PATHS, st.sampled_from(METHODS), st.randoms(use_true_random=False))
def test_the_compiled_matcher_is_the_naive_one(
    routes: list[Route], path: str, method: str, chance: random.Random
) -> None:
    shuffled = chance.sample(routes, len(routes))
    assert compiled(shuffled, path, method) == naive(routes, path, method)


def test_a_prefix_ends_at_a_slash() -> None:
    only = [route("api", "/api")]
    assert compiled(only, "/api", "GET") == "api"
    assert compiled(only, "/api/", "GET") == "api"
    assert compiled(only, "/apis", "GET") == "no route"


@pytest.mark.parametrize(
    ("field", "host"),
    [
        (b"API.Example.com", "api.example.com"),
        (b"api.example.com:8080", "api.example.com"),
        (b"api.example.com.", "api.example.com"),
        (b"[::1]:80", "[::1]"),
        (b"api.example.com:x", None),
        (b"a@b", None),
        (b"a/b", None),
        (b"", None),
        (b"a b", None),
        (b"a" * 300, None),
    ],
)
def test_what_a_host_field_names(field: bytes, host: str | None) -> None:
    assert host_of(field) == host


def test_an_exact_host_beats_the_longest_wildcard() -> None:
    hosts = Hosts([("*.example.com", 1), ("*.api.example.com", 2), ("eu.api.example.com", 3)])
    assert hosts.get("eu.api.example.com") == 3
    assert hosts.get("us.api.example.com") == 2
    assert hosts.get("a.b.example.com") == 1
    assert hosts.get("example.com") is None
