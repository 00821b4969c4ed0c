"""Every public case on which both reference composers agree: Hansa says the same.

The same verdict; the same codes where both fail with equal, documented ones; the same API schema where both succeed.
`known_gaps.txt` names the cases that do not pass yet; one that passes must leave the list.
"""

import gzip
import json
import os
import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, lexicographic_sort_schema, parse, print_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.composition import CompositionResult, Subgraph, compose
from gateway.composition.diagnostics import Diagnostics
from gateway.composition.emission import printing
from gateway.composition.ingest.build import SchemaBuilder
from gateway.supergraph import Supergraph

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("HANSA_SHARED", HERE.parents[3] / "shared"))
SUITES = ("hive", "cosmo", "grafbase")
CHUNKS = 8

pytestmark = pytest.mark.skipif(
    not (SHARED / "composition").is_dir(),
    reason=f"no reference cases at {SHARED / 'composition'} (HANSA_SHARED)",
)


def documented_codes() -> set[str]:
    text = (SHARED / "federation" / "peers.md").read_text()
    found = re.search(r"^The 91 active codes: (.*)$", text, re.MULTILINE)
    assert found is not None
    return set(re.findall(r"`([A-Z_]+)`", found[1]))


@cache
def agreed_cases() -> list[dict[str, Any]]:
    return list(_read_agreed_cases())


def _read_agreed_cases() -> Iterator[dict[str, Any]]:
    for suite in SUITES:
        with gzip.open(SHARED / "composition" / f"{suite}.jsonl.gz", "rt") as lines:
            next(lines)
            for line in lines:
                case = json.loads(line)
                if case["apollo"]["ok"] == case["guild"]["ok"]:
                    yield case


def difference(case: dict[str, Any], result: CompositionResult, documented: set[str]) -> str | None:
    """What differs from the reference composers; None where nothing does."""
    wanted = set(case["apollo"]["codes"])
    found = {error.code for error in result.errors}
    if case["apollo"]["ok"] != (not result.errors):
        return f"expected {sorted(wanted) or 'success'}, got {sorted(found) or 'success'}"
    if result.api_schema_sdl is not None:
        return None if normal(result.api_schema_sdl) == normal(case["apiSdl"]) else "the API schemas differ"
    comparable = wanted == set(case["guild"]["codes"]) and wanted <= documented
    return f"expected {sorted(wanted)}, got {sorted(found)}" if comparable and wanted != found else None


def normal(sdl: str) -> str:
    return print_schema(lexicographic_sort_schema(build_schema(sdl, assume_valid=True)))


def known_gaps() -> set[str]:
    lines = (HERE / "known_gaps.txt").read_text().splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_agrees_with_the_reference_composers(chunk: int) -> None:
    documented, gaps = documented_codes(), known_gaps()
    failed: dict[str, str] = {}
    cases = [case for index, case in enumerate(agreed_cases()) if index % CHUNKS == chunk]
    for case in cases:
        result = compose(Subgraph(name=each["name"], sdl=each["sdl"]) for each in case["subgraphs"])
        found = difference(case, result, documented)
        if found is not None:
            failed[case["id"]] = found
    assert {name: text for name, text in failed.items() if name not in gaps} == {}, "cases that should pass"
    assert {case["id"] for case in cases} & gaps == failed.keys() & gaps, (
        "cases that pass but are listed as gaps"
    )


def test_a_supergraph_that_is_parsed_and_printed_is_itself() -> None:
    composing = [case for case in agreed_cases() if case["apollo"]["ok"]]
    for case in random.Random(7).sample(composing, 80):
        result = compose(Subgraph(name=each["name"], sdl=each["sdl"]) for each in case["subgraphs"])
        for sdl in (result.supergraph_sdl, result.api_schema_sdl):
            schema = SchemaBuilder("", {}, Diagnostics()).add(parse(sdl or ""))
            assert printing.print_schema(schema) == sdl, case["id"]


TOKEN = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\n])*"|\w+|\s+|\.\.\.|.')
ODD = (
    "\0",
    "\ufeff",
    "\r\n",
    "\ud800",
    "{",
    "}",
    '"',
    '"""',
    "@",
    "$x",
    "null",
    "[",
    "1e999",
    '"{"',
    '"@a:b"',
    "schema",
    "on",
)
WITHOUT_PLACE = {"NO_QUERIES", "LINK_IMPORT_NAME_MISMATCH", "INVALID_SUBGRAPH_NAME"}
edits = st.lists(
    st.tuples(
        st.sampled_from(("delete", "double", "swap", "replace", "insert")),
        st.floats(0, 1, exclude_max=True),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(ODD),
    ),
    min_size=1,
    max_size=4,
)


def edited(sdl: str, changes: list[tuple[str, float, float, str]]) -> str:
    tokens = TOKEN.findall(sdl)
    for kind, first, second, odd in changes:
        here, there = int(first * len(tokens)), int(second * len(tokens))
        match kind:
            case "delete":
                del tokens[here : here + 3]
            case "double":
                tokens[here:here] = tokens[here : here + 5]
            case "swap":
                tokens[here], tokens[there] = tokens[there], tokens[here]
            case "replace":
                tokens[here] = tokens[there]
            case _:
                tokens.insert(here, odd)
    return "".join(tokens)


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 9), edits)
@settings(deadline=None, max_examples=200, derandomize=True)
def test_an_edited_case_is_composed_or_refused_with_a_place(
    which: float, number: int, changes: list[tuple[str, float, float, str]]
) -> None:
    subgraphs = [dict(each) for each in agreed_cases()[int(which * len(agreed_cases()))]["subgraphs"]]
    chosen = subgraphs[number % len(subgraphs)]
    chosen["sdl"] = edited(chosen["sdl"], changes)
    result = compose(Subgraph(name=each["name"], sdl=each["sdl"]) for each in subgraphs)
    assert all(each.locations or each.code in WITHOUT_PLACE for each in result.errors)
    if result.supergraph_sdl is not None:
        Supergraph.from_sdl(result.supergraph_sdl)


def test_every_known_gap_is_an_agreed_case() -> None:
    assert known_gaps() <= {case["id"] for case in agreed_cases()}
