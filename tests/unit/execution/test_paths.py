"""Paths find the same objects as a walk step by step, whatever the data."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.execution.paths import compile_collector, compile_locator
from gateway.planning.plan import Each, Key, OfType, Path

VALUES = st.recursive(
    st.one_of(st.none(), st.just("leaf"), st.just({}), st.just([])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        st.builds(
            lambda value, name: {"__typename": name, "a": value}, inner, st.sampled_from(["A", "B", None, []])
        ),
    ),
    max_leaves=20,
)
STEPS = st.one_of(
    st.builds(Key, st.sampled_from("ab")), st.just(Each()), st.builds(OfType, st.just(("A", "C")))
)


@given(st.dictionaries(st.sampled_from("ab"), VALUES), st.lists(STEPS, max_size=6).map(tuple))
def test_a_collector_finds_what_a_walk_finds(data: dict[str, Any], path: Path) -> None:
    found = compile_collector(path)(data)
    assert [id(value) for value in found] == [id(value) for _, value in compile_locator(path)(data)]


@pytest.mark.parametrize("depth", [1, 11, 12, 13, 300])
def test_a_path_may_be_long(depth: int) -> None:
    data: dict[str, Any] = {"end": True}
    for _ in range(depth):
        data = {"a": [data, None]}
    assert compile_collector((Key("a"), Each()) * depth)(data) == [{"end": True}]


def test_names_are_data_and_not_code() -> None:
    name = "a'),) if exit() #\n\\"
    assert compile_collector((Key(name), OfType((name,))))({name: {"__typename": name}})
