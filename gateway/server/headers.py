"""Which of a client's headers reach a subgraph, by the rules of the configuration in their order.

A request to a subgraph starts with none of them. Headers that describe one connection or one body never pass, nor
does any `hansa-*`: those are the platform's own, which a client cannot set. `hansa-client-address` is one of them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from common.telemetry import outgoing_headers
from gateway.server.access.claims import claim_header
from gateway.server.config.headers import HeaderRule, Headers, Insert, Propagate, Remove
from gateway.server.http.request import HttpRequest

if TYPE_CHECKING:  # it loads cryptography
    from common.auth import Caller

Pairs: TypeAlias = tuple[tuple[str, str], ...]
Claims: TypeAlias = Mapping[str, Any]
Step: TypeAlias = Callable[[Pairs, "Outgoing"], None]

PLATFORM_PREFIX = "hansa-"
CLIENT_ADDRESS_HEADER = f"{PLATFORM_PREFIX}client-address"
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    }
)
_RESERVED = HOP_BY_HOP | {
    "accept",
    "accept-encoding",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "traceparent",
    "tracestate",
}


class Outgoing:
    """Headers on their way to a subgraph; a header that one rule propagated is not propagated twice.

    `claims` are those of the caller. What a client sends never becomes one of the headers `guarded`.
    """

    def __init__(self, claims: Claims | None = None, guarded: frozenset[str] = frozenset()) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.claims = claims
        self._guarded = guarded
        self._propagated: set[str] = set()

    def propagate(self, source: str, target: str, values: Iterable[str]) -> None:
        if source in self._propagated or target in self._guarded:
            return
        self._propagated.add(source)
        self.pairs.extend((target, value) for value in values)

    def set(self, name: str, value: str) -> None:
        self.remove(lambda present: present == name)
        self.pairs.append((name, value))

    def remove(self, matches: Callable[[str], object]) -> None:
        self.pairs = [pair for pair in self.pairs if not matches(pair[0])]


class HeaderPropagation:
    """The rules of one subgraph, made ready once: those of `all` first, then its own."""

    def __init__(self, headers: Headers, subgraph: str) -> None:
        own = headers.subgraphs.get(subgraph)
        rules = (*headers.all.request, *(own.request if own else ()))
        self._steps: Sequence[Step] = [_step(rule) for rule in rules]
        inserts = [rule.insert for rule in rules if rule.insert]
        self._guarded = frozenset(insert.name.lower() for insert in inserts if insert.is_claim)

    def __bool__(self) -> bool:
        return bool(self._steps)

    def apply(self, client: Pairs, claims: Claims | None = None) -> Pairs:
        """What is sent for a client's headers, whose names are lower case, and the claims of the caller."""
        outgoing = Outgoing(claims, self._guarded)
        for step in self._steps:
            step(client, outgoing)
        return tuple(outgoing.pairs)


def propagations(headers: Headers, subgraphs: Iterable[str]) -> Mapping[str, HeaderPropagation]:
    """The rules of each subgraph that has any."""
    rules = {name: HeaderPropagation(headers, name) for name in subgraphs}
    return {name: propagation for name, propagation in rules.items() if propagation}


class ClientHeaders:
    """What each subgraph is sent on behalf of one client's request: its headers, its trace, its address."""

    def __init__(
        self, rules: Mapping[str, HeaderPropagation], request: HttpRequest, caller: "Caller | None" = None
    ) -> None:
        self._rules = rules
        self._caller = caller
        self._request = request
        address = request.client_address
        self._own = outgoing_headers() + (((CLIENT_ADDRESS_HEADER, address),) if address else ())
        self._known: dict[str, Pairs] = {}

    def __call__(self, subgraph: str) -> Pairs:
        rules = self._rules.get(subgraph)
        if rules is None:
            return self._own
        headers = self._known.get(subgraph)
        if headers is None:
            claims = self._caller.claims if self._caller else None
            headers = self._known[subgraph] = rules.apply(self._client, claims) + self._own
        return headers

    @cached_property
    def _client(self) -> Pairs:
        pairs = self._request.pairs()
        hidden = nominated(pairs)
        return tuple(pair for pair in pairs if pair[0] not in hidden) if hidden else pairs


def nominated(headers: Pairs) -> frozenset[str]:
    """The headers that `Connection` says to be of one connection only (RFC 9110, section 7.6.1)."""
    return frozenset(
        option.strip().lower()
        for name, value in headers
        if name == "connection"
        for option in value.split(",")
    )


def may_pass(name: str) -> bool:
    """Whether a client's header may reach a subgraph at all; `name` is lower case."""
    return name not in _RESERVED and not name.startswith(PLATFORM_PREFIX)


def _step(rule: HeaderRule) -> Step:
    if rule.propagate is not None:
        return (
            _propagate_named(rule.propagate) if rule.propagate.named else _propagate_matching(rule.propagate)
        )
    if rule.insert is not None:
        return _insert(rule.insert)
    assert rule.remove is not None
    return _remove(rule.remove)


def _propagate_named(rule: Propagate) -> Step:
    source = (rule.named or "").lower()
    target = (rule.rename or source).lower()
    default = () if rule.default is None else (rule.default,)
    passes = may_pass(source) and may_pass(target)

    def step(client: Pairs, outgoing: Outgoing) -> None:
        if passes:
            values = tuple(value for name, value in client if name == source)
            outgoing.propagate(source, target, values or default)

    return step


def _propagate_matching(rule: Propagate) -> Step:
    matches = re.compile(rule.matching or "").fullmatch

    def step(client: Pairs, outgoing: Outgoing) -> None:
        for source in dict.fromkeys(name for name, _ in client if may_pass(name) and matches(name)):
            outgoing.propagate(source, source, (value for name, value in client if name == source))

    return step


def _insert(rule: Insert) -> Step:
    name, value = rule.name.lower(), rule.value

    def step(_: Pairs, outgoing: Outgoing) -> None:
        found = claim_header(outgoing.claims, rule.claim) if value is None else value
        if found is not None:
            outgoing.set(name, found)

    return step


def _remove(rule: Remove) -> Step:
    named = rule.named
    matches = named.lower().__eq__ if named else re.compile(rule.matching or "").fullmatch

    def step(_: Pairs, outgoing: Outgoing) -> None:
        outgoing.remove(matches)

    return step
