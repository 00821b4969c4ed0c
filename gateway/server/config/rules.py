"""What the types of header rules alone cannot refuse."""

import re
from collections.abc import Iterator

from gateway.server.config.schema import HeaderRule, HeaderRules, Headers


def header_rule_faults(headers: Headers) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The path of every rule that contradicts itself, and how."""
    groups: list[tuple[tuple[str, ...], HeaderRules]] = [(("headers", "all"), headers.all)]
    groups += [(("headers", "subgraphs", name), rules) for name, rules in headers.subgraphs.items()]
    for path, rules in groups:
        for index, rule in enumerate(rules.request):
            if message := _fault(rule):
                yield (*path, "request", index), message


def _fault(rule: HeaderRule) -> str | None:
    given = [step for step in (rule.propagate, rule.insert, rule.remove) if step is not None]
    if len(given) != 1:
        return "A header rule has exactly one of `propagate`, `insert` and `remove`"
    selector = rule.propagate or rule.remove
    if selector is None:
        return None
    if (selector.named is None) == (selector.matching is None):
        return "`propagate` and `remove` take exactly one of `named` and `matching`"
    if rule.propagate and selector.matching and (rule.propagate.rename or rule.propagate.default):
        return "`rename` and `default` go with `named`, not with `matching`"
    return _pattern_fault(selector.matching)


def _pattern_fault(pattern: str | None) -> str | None:
    try:
        re.compile(pattern or "")
    except re.error as error:
        return f"`{pattern}` is not a regular expression: {error}"
    return None
