import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st

from gateway.server.config.limits import Limits
from gateway.server.errors import RequestError
from gateway.server.limits.checking import LimitCheck
from gateway.server.limits.introspection import refuse_introspection
from gateway.server.limits.measuring import Size, sizes
from gateway.server.limits.parsing import nesting, parse_document


def check(text: str, limits: Limits) -> list[str]:
    """The limits that are counted as exceeded."""
    counted: list[str] = []
    LimitCheck(limits, counted.append).check(parse(text))
    return counted


def nested(depth: int) -> str:
    return "{a" * depth + "}" * depth


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("", 0),
        ("{a}", 1),
        ("{a(x: [[1]]) {b}}", 4),
        ('{a(x: "{{{{")}', 2),
        ('{a(x: """{{{ \\""" {{ "" " """)}', 2),
        ("{a # {{{{\n}", 1),
        ('"""{{{{', 0),
        ('"{{{{\n{', 1),
        ("}}}}{", 0),
    ],
)
def test_nesting_counts_brackets_outside_of_strings_and_comments(text: str, depth: int) -> None:
    assert nesting(text) == depth


@given(st.text(alphabet='{}()[]"\\#\n a', max_size=200))
def test_nesting_of_any_text_is_found_at_once(text: str) -> None:
    assert 0 <= nesting(text) <= len(text)


@pytest.mark.parametrize(
    "text", ['"""\\' * 50_000, '"\\' * 100_000, '"""' + '\\"""' * 50_000, "#" * 200_000, "{" * 200_000]
)
def test_nesting_takes_linear_time(text: str) -> None:
    assert nesting(text) >= 0


def test_a_document_nested_deeper_than_the_limit_is_refused_before_it_is_parsed() -> None:
    for depth in (151, 100_000):
        with pytest.raises(RequestError, match="nests deeper than 150 brackets"):
            parse_document(nested(depth), Limits())
    parse_document(nested(150), Limits())


def test_a_document_of_too_many_tokens_is_refused() -> None:
    with pytest.raises(RequestError, match="more than 15000 tokens"):
        parse_document("{" + "a " * 15_001 + "}", Limits())


def test_a_syntax_error_is_told_with_its_place() -> None:
    with pytest.raises(RequestError) as caught:
        parse_document("{a\n b(", Limits())
    error = dict(caught.value.errors[0])
    assert error["extensions"] == {"code": "PARSING_ERROR"}
    assert error["locations"] == [{"line": 2, "column": 4}]


@pytest.mark.parametrize("text", ["{}", "{a{}}", "", "   ", "fragment F on Q {}"])
def test_empty_selections_are_syntax_errors(text: str) -> None:
    with pytest.raises(RequestError, match="Syntax Error"):
        parse_document(text, Limits())


@pytest.mark.parametrize(
    "text",
    [
        "{a{b{c}}}",
        "{...F} fragment F on Q {a{...G}} fragment G on A {b{c}}",
        "{... on Q {a{... {b{c}}}}}",
        "{x} query Other {a{b{c}}}",
    ],
)
def test_depth_counts_fields_through_fragments(text: str) -> None:
    check(text, Limits(max_depth=3))
    with pytest.raises(RequestError, match="deeper than 2") as caught:
        check(text, Limits(max_depth=2))
    assert caught.value.errors[0]["extensions"] == {"code": "MAX_DEPTH_LIMIT"}


def test_fragments_that_contain_themselves_or_are_missing_do_not_trouble_the_depth() -> None:
    check("{a ...F ...Missing} fragment F on Q {b{...F}}", Limits(max_depth=3))


def test_depth_of_fragments_used_many_times_is_found_quickly() -> None:
    fragments = " ".join(f"fragment F{i} on Q {{a{{...F{i + 1} ...F{i + 1}}}}}" for i in range(60))
    check("{...F0} " + fragments + " fragment F60 on Q {a}", Limits())


APOLLO_BOOK = """
  query GetBook { book { ...bookDetails } }
  fragment bookDetails on Book { details { ... on ProductDetailsBook { country } } }
"""


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (APOLLO_BOOK, Size(3, 3, 0, 1)),
        ("{user {id name username: name}}", Size(2, 3, 1, 1)),
        ("{user {nickname: name username: name handle: name}}", Size(2, 2, 3, 1)),
        ("{topBooks {id} topMovies {id} topGames {id}}", Size(2, 6, 0, 3)),
        ("{a: topBooks {id} b: topBooks {id}}", Size(2, 3, 2, 2)),
        ("{a a ... {a b: a}}", Size(1, 1, 1, 2)),
        ("{...F ...F} fragment F on Q {a x: b {c}}", Size(2, 4, 2, 2)),
        ("{...F} fragment F on Q {x: a ...G} fragment G on Q {y: a}", Size(1, 1, 2, 2)),
    ],
)
def test_an_operation_is_measured_as_apollo_says(text: str, size: Size) -> None:
    assert sizes(parse(text)) == [size]


@given(st.integers(1, 40), st.integers(1, 4))
def test_fragments_that_multiply_are_counted_and_not_walked(levels: int, times: int) -> None:
    spreads = " ".join(f"x{n}: a {{...F{{}}}}" for n in range(times))
    fragments = " ".join(f"fragment F{n} on Q {{{spreads.replace('{}', str(n + 1))}}}" for n in range(levels))
    (size,) = sizes(parse(f"{{...F0}} {fragments} fragment F{levels} on Q {{b}}"))
    assert size.depth == levels + 1
    assert size.aliases == sum(times**n for n in range(1, levels + 1))


EVERYTHING = "{a {b} x: a {b} c {d {e}}}"
MESSAGES = {
    "max_depth": "The operation nests fields deeper than 1",
    "max_height": "The operation has more than 1 fields",
    "max_root_fields": "The operation has more than 1 root fields",
}


def test_every_limit_that_is_exceeded_is_an_error_with_its_code() -> None:
    limits = Limits(max_depth=1, max_height=1, max_aliases=1, max_root_fields=1)
    with pytest.raises(RequestError) as caught:
        check(EVERYTHING, limits)
    assert caught.value.errors == [
        {"message": message, "extensions": {"code": f"{key.upper()}_LIMIT"}}
        for key, message in MESSAGES.items()
    ]
    with pytest.raises(RequestError) as caught:
        check("{x: a y: b}", Limits(max_aliases=1))
    assert caught.value.errors[0]["extensions"] == {"code": "MAX_ALIASES_LIMIT"}


def test_what_is_just_within_the_limits_passes() -> None:
    assert check(EVERYTHING, Limits(max_depth=3, max_height=6, max_aliases=1, max_root_fields=3)) == []
    with pytest.raises(RequestError, match="more than 5 fields"):
        check(EVERYTHING, Limits(max_height=5))


def test_a_warning_tells_and_counts_and_refuses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    limits = Limits(max_depth=1, max_height=1, max_aliases=1, max_root_fields=1, warn_only=True)
    assert check(EVERYTHING, limits) == list(MESSAGES)
    (record,) = caplog.records
    assert record.data == {"limits": list(MESSAGES.values())}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text", ["{__schema{types{name}}}", '{...F} fragment F on Query {... {x: __type(name: "A") {name}}}']
)
def test_introspection_is_found_wherever_it_stands(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        refuse_introspection(parse(text))
    assert caught.value.errors[0]["extensions"] == {"code": "INTROSPECTION_DISABLED"}


def test_typename_is_no_introspection() -> None:
    refuse_introspection(parse("{__typename a{__typename}}"))
