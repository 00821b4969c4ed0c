"""One `Cache-Control` for an answer that is made of several responses (RFC 9111, section 5.2.2)."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Directives: TypeAlias = dict[str, str]

NO_STORE = "no-store"
_DIRECTIVE = re.compile(r"([!#$%&'*+.^_`|~\w-]+)(?:=(\"[^\"]*\"|[^\s,]*))?")


def most_restrictive(values: Iterable[str], age: int = 0) -> str:
    """What holds for an answer that is made of responses with these values.

    `no-store` beats all. Otherwise the answer is as fresh as the one that is stale first, and `private`, `no-cache` or to be
    revalidated where one of them is. One without `max-age` is stale at once. `age` seconds of their time have passed.
    """
    responses = [parse(value) for value in values]
    if any(NO_STORE in directives for directives in responses):
        return NO_STORE
    merged = [f"max-age={max(0, _least('max-age', responses) - age)}"]
    if any("s-maxage" in directives for directives in responses):
        merged.append(f"s-maxage={max(0, _least('s-maxage', responses) - age)}")
    if any("private" in directives for directives in responses):
        merged.append("private")
    elif all("public" in directives for directives in responses):
        merged.append("public")
    merged += [
        name
        for name in ("no-cache", "must-revalidate", "proxy-revalidate", "no-transform")
        if any(name in directives for directives in responses)
    ]
    return ", ".join(merged)


def parse(value: str) -> Directives:
    """The directives by their lower-case name, each with its argument."""
    return {name.lower(): argument.strip('"') for name, argument in _DIRECTIVE.findall(value)}


def _least(name: str, responses: Sequence[Directives]) -> int:
    """The least of a lifetime in seconds, which `max-age` tells where `s-maxage` does not (section 4.2.1)."""
    told = [directives.get(name, directives.get("max-age", "")) for directives in responses]
    return min(int(seconds) if seconds.isascii() and seconds.isdigit() else 0 for seconds in told)
