import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st

from gateway.server.config.schema import Limits
from gateway.server.errors import RequestError
from gateway.server.limits import nesting, parse_document, refuse_deep, refuse_introspection


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
    refuse_deep(parse(text), Limits(max_depth=3))
    with pytest.raises(RequestError, match="deeper than 2") as caught:
        refuse_deep(parse(text), Limits(max_depth=2))
    assert caught.value.errors[0]["extensions"] == {"code": "MAX_DEPTH_LIMIT"}


def test_fragments_that_contain_themselves_or_are_missing_do_not_trouble_the_depth() -> None:
    refuse_deep(parse("{a ...F ...Missing} fragment F on Q {b{...F}}"), Limits(max_depth=3))


def test_depth_of_fragments_used_many_times_is_found_quickly() -> None:
    fragments = " ".join(f"fragment F{i} on Q {{a{{...F{i + 1} ...F{i + 1}}}}}" for i in range(60))
    refuse_deep(parse("{...F0} " + fragments + " fragment F60 on Q {a}"), Limits())


@pytest.mark.parametrize(
    "text", ["{__schema{types{name}}}", '{...F} fragment F on Query {... {x: __type(name: "A") {name}}}']
)
def test_introspection_is_found_wherever_it_stands(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        refuse_introspection(parse(text))
    assert caught.value.errors[0]["extensions"] == {"code": "INTROSPECTION_DISABLED"}


def test_typename_is_no_introspection() -> None:
    refuse_introspection(parse("{__typename a{__typename}}"))
