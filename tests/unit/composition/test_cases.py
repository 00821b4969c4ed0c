"""One file a code under `cases/`: what it is given for, and what is close to that and composes without it.

A code that is given for several reasons has a file for each: `CODE.reason.graphql`.

A file is GraphQL: `# refused` (or `# hinted`) and `# composes` (`# not hinted`) begin its two halves, `## name` a
subgraph, which links federation 2.12 unless it says `links v2.2`, or is taken `as written`.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.composition import CompositionResult

CASES = Path(__file__).parent / "cases"
ERRORS = sorted(file.stem for file in (CASES / "errors").glob("*.graphql"))
HINTS = sorted(file.stem for file in (CASES / "hints").glob("*.graphql"))
ComposeCase = Callable[[str, str, int], CompositionResult]


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_is_given_and_says_what_and_where(composed_case: ComposeCase, case: str) -> None:
    result = composed_case("errors", case, 1)
    code = case.partition(".")[0]
    assert {error.code for error in result.errors} == {code}
    assert result.supergraph_sdl is None
    assert all(error.message for error in result.errors)
    assert all(error.locations for error in result.errors) or code in WITHOUT_PLACE


WITHOUT_PLACE = {
    "INVALID_SUBGRAPH_NAME": "the name is in no SDL",
    "LINK_IMPORT_NAME_MISMATCH": "the message names the imports of each subgraph",
    "NO_QUERIES": "what is missing stands nowhere",
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_is_close_to_an_error_composes(composed_case: ComposeCase, case: str) -> None:
    result = composed_case("errors", case, 2)
    assert result.errors == ()
    assert result.supergraph_sdl is not None


@pytest.mark.parametrize("code", HINTS)
def test_a_hint_is_given(composed_case: ComposeCase, code: str) -> None:
    result = composed_case("hints", code, 1)
    assert result.errors == ()
    found = {hint.code: hint for hint in result.hints}
    assert code in found
    assert found[code].message
    assert found[code].coordinate


@pytest.mark.parametrize("code", HINTS)
def test_what_is_close_to_a_hint_is_given_none(composed_case: ComposeCase, code: str) -> None:
    result = composed_case("hints", code, 2)
    assert result.errors == ()
    assert code not in {hint.code for hint in result.hints}
