"""An answer may be kept for as long as all of its parts may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.server.traffic.cache_control import most_restrictive, parse


@pytest.mark.parametrize(
    ("values", "merged"),
    [
        (["max-age=60"], "max-age=60"),
        (["max-age=60", "max-age=30"], "max-age=30"),
        (["max-age=60, public", "max-age=30, public"], "max-age=30, public"),
        (["max-age=60, public", "max-age=30"], "max-age=30"),
        (["max-age=60, public", "max-age=90, private"], "max-age=60, private"),
        (["max-age=60", "no-store"], "no-store"),
        (["private, no-store, max-age=9"], "no-store"),
        (["max-age=60", "public"], "max-age=0"),
        (["max-age=60, no-cache", "max-age=5"], "max-age=5, no-cache"),
        (["s-maxage=600, max-age=60", "max-age=90"], "max-age=60, s-maxage=90"),
        (["max-age=soon"], "max-age=0"),
        (['Max-Age="7", PRIVATE="x, y"'], "max-age=7, private"),
        (["max-age=60, must-revalidate", "max-age=60"], "max-age=60, must-revalidate"),
    ],
)
def test_the_most_restrictive_counts(values: list[str], merged: str) -> None:
    assert most_restrictive(values) == merged


def test_what_a_response_has_aged_is_taken_off() -> None:
    assert most_restrictive(["max-age=60, s-maxage=20"], age=30) == "max-age=30, s-maxage=0"


DIRECTIVES = st.lists(
    st.one_of(
        st.sampled_from(["no-store", "private", "public", "no-cache", "must-revalidate"]),
        st.integers(0, 10**6).map("max-age={}".format),
        st.integers(0, 10**6).map("s-maxage={}".format),
    ),
    max_size=4,
).map(", ".join)


@given(st.lists(DIRECTIVES, min_size=1, max_size=4))
def test_the_answer_is_never_kept_longer_or_by_more_than_one_of_its_parts(values: list[str]) -> None:
    merged = parse(most_restrictive(values))
    parts = [parse(value) for value in values]
    if any("no-store" in part for part in parts):
        assert merged == {"no-store": ""}
        return
    for part in parts:
        assert int(merged["max-age"]) <= int(part.get("max-age", 0))
        shared = int(merged.get("s-maxage", merged["max-age"]))
        assert shared <= int(part.get("s-maxage", part.get("max-age", 0)))
        assert {"private", "no-cache", "must-revalidate"} & part.keys() <= merged.keys()
    assert "public" not in merged or all("public" in part for part in parts)


@given(st.lists(DIRECTIVES, min_size=1, max_size=4))
def test_the_order_of_the_parts_does_not_matter(values: list[str]) -> None:
    assert most_restrictive(values) == most_restrictive(values[::-1])
