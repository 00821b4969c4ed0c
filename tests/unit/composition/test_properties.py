"""What holds for every input.

Order does not matter, bad SDL never raises, one subgraph keeps its API, a supergraph that is parsed and printed is itself.
"""

import random

from graphql import build_schema, lexicographic_sort_schema, parse, print_schema, value_from_ast_untyped
from graphql.language.print_string import print_string
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.composition import Subgraph, compose
from gateway.composition.diagnostics import Diagnostics
from gateway.composition.emission import printing
from gateway.composition.ingest.build import SchemaBuilder
from gateway.composition.ingest.subgraph import ingest
from gateway.supergraph import Supergraph

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external",'
    ' "@requires", "@provides", "@tag", "@override", "@inaccessible"])'
)
PARTS = (
    "type Query { a: T @shareable }",
    "type Query { b(x: In = {n: 1}): [E!] @shareable }",
    "type Query { u: U @shareable i: I @shareable }",
    'type T @key(fields: "id") { id: ID! n: Int @shareable }',
    'type T @key(fields: "id") @key(fields: "v { a }") { id: ID! v: V m: Int @external r: Int @requires(fields: "m") }',
    'type T @key(fields: "id") { id: ID! m: Int @tag(name: "m") }',
    'extend type T @key(fields: "id") { id: ID! @external late: Float @override(from: "s0") }',
    "type V @shareable { a: Int! b: String }",
    "type V @shareable { a: Int @inaccessible b: String }",
    "enum E { A B }",
    'enum E { B C @deprecated(reason: "old") }',
    "input In { n: Int! s: [String!] = [] }",
    "input In { n: Int = 3 }",
    "union U = T | V",
    "interface I { n: Int } type W implements I { n: Int w: I }",
    '"""A date""" scalar Date',
)
TOKENS = (
    "type", "extend", "schema", "interface", "union", "enum", "input", "scalar", "directive", "on", "implements",
    "Query", "T", "id", "ID", "Int", "{", "}", "(", ")", ":", "!", "[", "]", "=", "|", "&", "$x", "1", "-9e999", '"s"',
    '"""', "null", "true", "@key", '@key(fields: "id {")', "@key(fields: [1])", "@requires", '@requires(fields: "...")',
    "@provides", "@external", "@override(from: 1)", "@link", "@link(url: 1)", '@link(url: "x://y/v1.0", import: [{}])',
    "FIELD_DEFINITION", "...", "#", "\n", "\ud83d\ude00", "query { a }", "@tag", '@tag(name: "x")', "@inaccessible",
)  # fmt: skip

subgraphs = st.lists(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=7, unique=True), min_size=1, max_size=4
).map(lambda found: [Subgraph(name=f"s{n}", sdl="\n".join([LINK, *parts])) for n, parts in enumerate(found)])


@given(subgraphs, st.randoms())
@settings(deadline=None, max_examples=150)
def test_the_order_of_subgraphs_does_not_matter(found: list[Subgraph], chance: random.Random) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert compose(shuffled) == compose(found)


@given(subgraphs)
@settings(deadline=None, max_examples=100)
def test_there_is_a_supergraph_exactly_when_there_are_no_errors(found: list[Subgraph]) -> None:
    result = compose(found)
    assert (result.supergraph_sdl is None) == (result.api_schema_sdl is None) == bool(result.errors)
    if result.supergraph_sdl is not None:
        build_schema(result.supergraph_sdl)


@given(st.lists(st.sampled_from(TOKENS), max_size=30), st.booleans())
@settings(deadline=None, max_examples=300)
def test_malformed_sdl_is_an_error_and_never_an_exception(tokens: list[str], linked: bool) -> None:  # noqa: FBT001 - drawn
    sdl = " ".join(([LINK] if linked else []) + tokens)
    result = compose([Subgraph(name="a", sdl=sdl), Subgraph(name="b", sdl="type Query { ok: Int }")])
    assert all(error.code and error.message for error in result.errors)


@given(st.text())
@settings(deadline=None)
def test_any_text_may_be_composed(text: str) -> None:
    result = compose([Subgraph(name="a", sdl=text)])
    assert result.errors


@given(
    st.lists(
        st.sampled_from(("type Query { a: T }", PARTS[1], PARTS[7], PARTS[9], PARTS[11], PARTS[15])),
        unique=True,
    )
)
@settings(deadline=None)
def test_a_single_valid_subgraph_keeps_its_api(parts: list[str]) -> None:
    plain = "type Query { one: Int } " + " ".join(
        part.replace("type Query", "extend type Query") for part in parts
    )
    result = compose([Subgraph(name="a", sdl=f"{LINK} {plain}")])
    if result.api_schema_sdl is not None:
        expected = plain.replace(" @shareable", "")
        assert normal(result.api_schema_sdl) == normal(expected)


def normal(sdl: str) -> str:
    return print_schema(lexicographic_sort_schema(build_schema(sdl)))


def printed_again(sdl: str) -> str:
    """The SDL, parsed by graphql-core and printed by the composer."""
    return printing.print_schema(SchemaBuilder("", {}, Diagnostics()).add(parse(sdl)))


def assert_is_itself(sdl: str) -> None:
    again = printed_again(sdl)
    assert again == sdl
    first, second = Supergraph.from_sdl(sdl), Supergraph.from_sdl(again)
    assert (first.types, first.subgraphs, first.roots) == (second.types, second.subgraphs, second.roots)


@given(subgraphs)
@settings(deadline=None, max_examples=100)
def test_a_supergraph_that_is_parsed_and_printed_is_itself(found: list[Subgraph]) -> None:
    result = compose(found)
    if result.supergraph_sdl is not None and result.api_schema_sdl is not None:
        assert_is_itself(result.supergraph_sdl)
        assert printed_again(result.api_schema_sdl) == result.api_schema_sdl


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def literal(value: object) -> str:
    """A value as GraphQL writes it."""
    match value:
        case dict():
            return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(literal, value)) + "]"
        case str():
            return print_string(value)
        case None:
            return "null"
        case _:
            return str(value).lower()


@given(texts, texts, values)
@settings(deadline=None, max_examples=100)
def test_descriptions_and_default_values_are_printed_as_they_were_written(
    description: str, reason: str, default: object
) -> None:
    text = print_string(description)
    sdl = (
        f"{text} scalar Any {text} type Query {{ {text} a({text} x: Any = {literal(default)}): Int"
        f" @deprecated(reason: {print_string(reason)}) b: E }} {text} enum E {{ {text} A }}"
    )
    result = compose([Subgraph(name="a", sdl=sdl)])
    assert result.supergraph_sdl is not None, result.errors
    assert_is_itself(result.supergraph_sdl)
    query = build_schema(result.supergraph_sdl).query_type
    assert query is not None
    assert (query.description or "") == description
    assert query.fields["a"].deprecation_reason == reason
    written = query.fields["a"].args["x"].ast_node
    assert written is not None
    assert written.default_value is not None
    assert value_from_ast_untyped(written.default_value) == default


def test_ingesting_reads_what_a_subgraph_defines() -> None:
    found = ingest(Subgraph(name="a", sdl=f"{LINK} {PARTS[3]}"), Diagnostics())
    assert found is not None
    assert found.fields.shareable == {"T.id", "T.n"}
