"""Representations of a request: each one once, by its JSON and not by what Python holds to be equal."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.execution.representations import Representations, compile_builders
from gateway.planning.plan import Representation, RequiredField

NAMES = ("id", "sku", "size")
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2),
    st.sampled_from([0.0, 1.0, 1.5]),
    st.sampled_from(["", "1", "é"]),
    st.sampled_from([[1], [1.0], {"a": 1}, {"a": True}]),
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from([f"_{name}" for name in NAMES]), LEAVES), max_size=12)


def build(
    objects: list[dict[str, Any]], *representations: Representation
) -> tuple[list[bytes], list[Any], list[int]]:
    found = Representations()
    placed, indices = found.place(objects, compile_builders(representations))
    return found.encoded, placed, indices


def naive(
    objects: list[dict[str, Any]], names: list[str], non_null: set[str]
) -> tuple[list[bytes], list[Any], list[int]]:
    encoded: list[bytes] = []
    placed, indices = [], []
    for value in objects:
        members = {name: value.get(f"_{name}") for name in names if f"_{name}" in value}
        if len(members) < len(names) or any(members[name] is None for name in non_null):
            continue
        one = msgspec.json.encode({"__typename": "T"} | members)
        if one not in encoded:
            encoded.append(one)
        placed.append(value)
        indices.append(encoded.index(one))
    return encoded, placed, indices


@given(OBJECTS, st.lists(st.sampled_from(NAMES), min_size=1, unique=True), st.sets(st.sampled_from(NAMES)))
def test_each_is_sent_once_and_every_object_has_its_own(
    objects: list[dict[str, Any]], names: list[str], non_null: set[str]
) -> None:
    required = tuple(name for name in names if name in non_null)
    fields = tuple(RequiredField(name, f"_{name}") for name in names)
    representation = Representation("T", ("T",), fields, non_null=required)
    assert build(objects, representation) == naive(objects, names, set(required))


@pytest.mark.parametrize("types", [(1, 1.0), (1, True), (0.0, False), ("1", 1)])
def test_values_of_different_types_are_different(types: tuple[Any, Any]) -> None:
    representation = Representation("T", ("T",), (RequiredField("id", "id"),))
    assert build([{"id": value} for value in types], representation)[2] == [0, 1]


def test_types_that_are_sent_under_one_name_share_theirs() -> None:
    kinds = Representation("I", ("A", "B"), (RequiredField("id", "id"),), typename="I")
    encoded, _, indices = build([{"__typename": name, "id": "1"} for name in "AB"], kinds)
    assert (encoded, indices) == ([b'{"__typename":"I","id":"1"}'], [0, 0])


def test_types_with_other_keys_have_their_own() -> None:
    kinds = [Representation(name, (name,), (RequiredField(key, key),)) for name, key in ("Ai", "Bj", "Ci")]
    objects = [{"__typename": name, "i": "1", "j": "1"} for name in "ABCAX"]
    encoded, placed, indices = build(objects, *kinds)
    assert (len(encoded), placed, indices) == (3, objects[:4], [0, 1, 2, 0])


def test_names_are_data_and_not_code() -> None:
    name = "a'] or exit() #\n\\"
    representation = Representation("T", ("T",), (RequiredField(name, name),))
    encoded, _, indices = build([{name: 1}], representation)
    assert (msgspec.json.decode(encoded[0])[name], indices) == (1, [0])
