from hypothesis import example, given
from hypothesis import strategies as st

from subgraphs.ratelimit.domain.patterns import Patterns, compile_pattern

texts = st.text("ab/*", min_size=1, max_size=5)


@given(patterns=st.sets(texts, max_size=12), text=st.text("ab/", max_size=6))
@example(patterns={"a*", "*b"}, text="ab")
@example(patterns={"a", "a*", "*"}, text="a")
def test_what_is_found_fits_and_nothing_goes_before_it(patterns: set[str], text: str) -> None:
    """Without a star before with one, longer before shorter."""

    def rank(pattern: str) -> tuple[bool, int]:
        return "*" in pattern, -len(pattern)

    fitting = [pattern for pattern in patterns if compile_pattern(pattern).fullmatch(text)]
    found = Patterns((pattern, pattern) for pattern in patterns).find(text)
    if fitting:
        assert found in fitting
        assert rank(found) == min(map(rank, fitting))
    else:
        assert found is None
