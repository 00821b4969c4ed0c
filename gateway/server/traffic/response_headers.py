"""Which headers of subgraphs' responses reach the client, by the rules of the configuration in their order.

Each response gives what its subgraph's rules leave of it; what several give under one name is merged by the algorithm of
the rule. All cookies arrive, and the answer may be cached for as long as all of its parts may. What describes one connection
or one body never passes, nor does what is the router's own to say.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypeAlias

from common.http import Response
from gateway.server.config.access import Header
from gateway.server.config.headers import Headers, PropagateBack, Remove, ResponseRule
from gateway.server.headers import HOP_BY_HOP, PLATFORM_PREFIX, Pairs, nominated
from gateway.server.traffic.cache_control import NO_STORE, most_restrictive

Algorithm: TypeAlias = Literal["first", "last", "append"]
Contribution: TypeAlias = dict[str, tuple[Algorithm, list[str]]]
Step: TypeAlias = Callable[[Pairs, Contribution], None]
Observe: TypeAlias = Callable[[str, Response], None]

CACHE_CONTROL = "cache-control"
_COOKIES = "set-cookie"
_DESCRIBES_ONE_RESPONSE = frozenset(
    {"accept-ranges", "age", "date", "etag", "expires", "last-modified", "server", "server-timing"}
)
_ROUTERS_OWN = (PLATFORM_PREFIX, "access-control-", "content-")


class ResponseRules:
    """The rules of every subgraph that has any, made ready once."""

    def __init__(self, headers: Headers, subgraphs: Iterable[str]) -> None:
        rules = {name: _rules(headers, name) for name in subgraphs}
        self._steps = {name: [_step(rule) for rule in own] for name, own in rules.items() if own}
        self._tells_caches = any(_selects_cache_control(rule) for own in rules.values() for rule in own)

    def __bool__(self) -> bool:
        return bool(self._steps)

    def contribution(self, subgraph: str, response: Response) -> Contribution:
        """What the client gets of one response. Who says nothing about caching is taken not to allow it."""
        given: Contribution = {}
        hidden = nominated(response.headers)
        pairs = tuple(pair for pair in response.headers if may_pass(pair[0]) and pair[0] not in hidden)
        for step in self._steps.get(subgraph, ()):
            step(pairs, given)
        if self._tells_caches and not _remaining(given, response):
            given[CACHE_CONTROL] = ("append", [NO_STORE])
        return given


class AnswerHeaders:
    """The headers of one answer to a client, collected while it is made."""

    def __init__(self, rules: ResponseRules) -> None:
        self._rules = rules
        self._collected: dict[str, list[str]] = {}
        self._has_mutation = False

    def observer(self, kind: str) -> Observe | None:
        """What is to be told of each response that an operation of that kind gets."""
        self._has_mutation = self._has_mutation or kind == "mutation"
        return self._observe if self._rules else None

    def set(self, name: str, value: str) -> None:
        """A header of the router's own."""
        self._collected[name] = [value]

    def pairs(self, *, may_be_kept: bool) -> Pairs:
        """All of them; caches keep nothing unless `may_be_kept`, and are told nothing of mutations."""
        collected = dict(self._collected)
        told = collected.pop(CACHE_CONTROL, None)
        if told is not None and not self._has_mutation:
            collected[CACHE_CONTROL] = [most_restrictive(told) if may_be_kept else NO_STORE]
        return tuple((name, value) for name, values in collected.items() for value in values)

    def _observe(self, subgraph: str, response: Response) -> None:
        for name, (algorithm, values) in self._rules.contribution(subgraph, response).items():
            if algorithm == "append":
                self._collected.setdefault(name, []).extend(values)
            elif algorithm == "first":
                self._collected.setdefault(name, values)
            else:
                self._collected[name] = values


def may_pass(name: str) -> bool:
    """Whether a subgraph's header may reach a client at all; `name` is lower case."""
    return (
        name not in HOP_BY_HOP and name not in _DESCRIBES_ONE_RESPONSE and not name.startswith(_ROUTERS_OWN)
    )


def _remaining(given: Contribution, response: Response) -> bool:
    """Merges what one response tells caches, less its age; False where it tells nothing."""
    told = given.get(CACHE_CONTROL)
    if told is None or not told[1]:
        return False
    age = response.header("age") or "0"
    seconds = int(age) if age.isascii() and age.isdigit() else 0
    given[CACHE_CONTROL] = ("append", [most_restrictive([", ".join(told[1])], seconds)])
    return True


def _rules(headers: Headers, subgraph: str) -> Sequence[ResponseRule]:
    own = headers.subgraphs.get(subgraph)
    return (*headers.all.response, *(own.response if own else ()))


def _selects_cache_control(rule: ResponseRule) -> bool:
    if rule.insert is not None:
        return rule.insert.name.lower() == CACHE_CONTROL
    given: Contribution = {}
    _step(rule)(((CACHE_CONTROL, NO_STORE),), given)
    return CACHE_CONTROL in given


def _step(rule: ResponseRule) -> Step:
    if rule.propagate is not None:
        return (
            _propagate_named(rule.propagate) if rule.propagate.named else _propagate_matching(rule.propagate)
        )
    if rule.insert is not None:
        return _insert(rule.insert)
    assert rule.remove is not None
    return _remove(rule.remove)


def _algorithm(name: str, rule: PropagateBack) -> Algorithm:
    return "append" if name in (_COOKIES, CACHE_CONTROL) else rule.algorithm


def _propagate_named(rule: PropagateBack) -> Step:
    source = (rule.named or "").lower()
    target = (rule.rename or source).lower()
    default = [] if rule.default is None else [rule.default]
    algorithm, passes = _algorithm(target, rule), may_pass(target)

    def step(response: Pairs, given: Contribution) -> None:
        values = [value for name, value in response if name == source] or default
        if passes and values:
            given[target] = (algorithm, list(values))

    return step


def _propagate_matching(rule: PropagateBack) -> Step:
    matches = re.compile(rule.matching or "").fullmatch

    def step(response: Pairs, given: Contribution) -> None:
        for name in dict.fromkeys(name for name, _ in response if matches(name)):
            given[name] = (_algorithm(name, rule), [value for key, value in response if key == name])

    return step


def _insert(rule: Header) -> Step:
    name = rule.name.lower()
    algorithm: Algorithm = "append" if name in (_COOKIES, CACHE_CONTROL) else "last"

    def step(_: Pairs, given: Contribution) -> None:
        given[name] = (algorithm, [rule.value])

    return step


def _remove(rule: Remove) -> Step:
    named = rule.named
    matches: Callable[[str], object] = (
        named.lower().__eq__ if named else re.compile(rule.matching or "").fullmatch
    )

    def step(_: Pairs, given: Contribution) -> None:
        for name in [name for name in given if matches(name)]:
            del given[name]

    return step
