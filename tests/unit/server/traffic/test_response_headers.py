"""What the rules make of the headers of several responses."""

import pytest

from common.http import Response
from gateway.server.config import ConfigError, parse_config
from gateway.server.traffic.response_headers import AnswerHeaders, ResponseRules

FIRST = (
    ("x-a", "1"),
    ("x-b", "b"),
    ("set-cookie", "one=1"),
    ("set-cookie", "two=2"),
    ("connection", "close, X-Hop"),
    ("x-hop", "h"),
    ("keep-alive", "timeout=5"),
    ("transfer-encoding", "chunked"),
    ("content-length", "2"),
    ("content-type", "application/json"),
    ("etag", "e"),
    ("access-control-allow-origin", "*"),
    ("hansa-trace-id", "t"),
)
SECOND = (("x-a", "2"), ("set-cookie", "three=3"))


def answered(rules: str, *responses: tuple[str, tuple[tuple[str, str], ...]]) -> list[tuple[str, str]]:
    lines = "\n".join("      " + line for line in rules.strip().splitlines())
    config = parse_config(f"headers:\n  all:\n    response:\n{lines}\n", {})
    headers = AnswerHeaders(ResponseRules(config.headers, ["products", "reviews"]))
    observe = headers.observer("query")
    assert observe is not None
    for subgraph, pairs in responses or (("products", FIRST), ("reviews", SECOND)):
        observe(subgraph, Response(200, pairs, b"{}"))
    return list(headers.pairs(may_be_kept=True))


@pytest.mark.parametrize(
    ("rules", "headers"),
    [
        ("- propagate: {named: X-A}", [("x-a", "2")]),
        ("- propagate: {named: x-a, algorithm: first}", [("x-a", "1")]),
        ("- propagate: {named: x-a, algorithm: append}", [("x-a", "1"), ("x-a", "2")]),
        ("- propagate: {named: x-a, rename: X-C}", [("x-c", "2")]),
        ("- propagate: {named: x-b, default: d}", [("x-b", "d")]),
        ("- propagate: {named: x-b}", [("x-b", "b")]),
        ("- propagate: {named: x-z}", []),
        ("- propagate: {matching: 'x-[ab]'}", [("x-a", "2"), ("x-b", "b")]),
        ("- propagate: {matching: x-.*}\n- remove: {named: X-A}", [("x-b", "b")]),
        ("- propagate: {matching: x-.*}\n- remove: {matching: 'x-[b]'}", [("x-a", "2")]),
        ("- insert: {name: X-I, value: i}", [("x-i", "i")]),
        (
            "- propagate: {named: set-cookie, algorithm: first}",
            [("set-cookie", "one=1"), ("set-cookie", "two=2"), ("set-cookie", "three=3")],
        ),
    ],
)
def test_rules_work_in_their_order(rules: str, headers: list[tuple[str, str]]) -> None:
    assert answered(rules) == headers


def test_nothing_passes_that_is_of_one_connection_or_one_body_or_the_routers_to_say() -> None:
    names = {name for name, _ in answered("- propagate: {matching: .*}")}
    assert names == {"x-a", "x-b", "set-cookie", "cache-control"}


def test_a_header_cannot_be_renamed_to_one_that_does_not_pass() -> None:
    assert answered("- propagate: {named: x-a, rename: Transfer-Encoding}") == []


def test_a_subgraphs_own_rules_follow_those_of_all() -> None:
    config = parse_config(
        "headers: {all: {response: [{propagate: {named: x-a, algorithm: append}}]},"
        " subgraphs: {reviews: {response: [{remove: {named: x-a}}, {insert: {name: x-r, value: r}}]}}}",
        {},
    )
    headers = AnswerHeaders(ResponseRules(config.headers, ["products", "reviews"]))
    observe = headers.observer("query")
    assert observe is not None
    observe("products", Response(200, FIRST, b""))
    observe("reviews", Response(200, SECOND, b""))
    assert headers.pairs(may_be_kept=True) == (("x-a", "1"), ("x-r", "r"))


CACHING = "- propagate: {matching: 'cache-control'}"


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        (
            (("cache-control", "max-age=60"),),
            (("cache-control", "max-age=9, private"),),
            "max-age=9, private",
        ),
        ((("cache-control", "max-age=60"), ("age", "50")), (("cache-control", "max-age=30"),), "max-age=10"),
        (
            (("cache-control", "max-age=60"), ("cache-control", "private")),
            (("cache-control", "max-age=70"),),
            "max-age=60, private",
        ),
        ((("cache-control", "max-age=60"),), (), "no-store"),
    ],
)
def test_an_answer_may_be_kept_as_long_as_all_of_its_responses(
    first: tuple[tuple[str, str], ...], second: tuple[tuple[str, str], ...], merged: str
) -> None:
    assert answered(CACHING, ("products", first), ("reviews", second)) == [("cache-control", merged)]


def test_a_subgraph_without_a_rule_is_not_taken_to_allow_caching() -> None:
    config = parse_config(
        "headers: {subgraphs: {products: {response: [{propagate: {named: cache-control}}]}}}", {}
    )
    headers = AnswerHeaders(ResponseRules(config.headers, ["products", "reviews"]))
    observe = headers.observer("query")
    assert observe is not None
    observe("products", Response(200, (("cache-control", "max-age=60"),), b""))
    assert headers.pairs(may_be_kept=True) == (("cache-control", "max-age=60"),)
    observe("reviews", Response(200, (("cache-control", "max-age=60"),), b""))
    assert headers.pairs(may_be_kept=True) == (("cache-control", "no-store"),)


def test_a_subgraph_that_says_nothing_may_be_given_a_value() -> None:
    rules = "- propagate: {named: cache-control, default: max-age=5}"
    pairs = (("cache-control", "max-age=60"),)
    assert answered(rules, ("products", pairs), ("reviews", ())) == [("cache-control", "max-age=5")]


@pytest.mark.parametrize(
    "rule", ["propagate: {}", "propagate: {named: a, matching: b}", "propagate: {matching: '['}"]
)
def test_a_rule_that_contradicts_itself_is_refused_with_its_line(rule: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(f"headers:\n  all:\n    response:\n      - {rule}\n", {})
    assert refused.value.line == 4
