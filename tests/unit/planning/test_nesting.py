"""However deep an operation nests, it has a plan or an OperationError."""

import sys
import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.planning import OperationError, Planner

TYPES = """
type Query @join__type(graph: A) { node: Node }
interface Node @join__type(graph: A) @join__type(graph: B) { same: Node other: Node }
type X implements Node @join__implements(graph: A, interface: "Node") @join__implements(graph: B, interface: "Node")
  @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! same: Node @join__field(graph: A) other: Node @join__field(graph: B)
}
"""
MAX_DEPTH = 100
LEVELS = ("{ same %s }", "{ other %s }", "{ ... on X { same %s } }", "{ ... { other %s } }", "fragment")


@pytest.fixture(scope="module")
def nodes(planner: Callable[[str], Planner]) -> Planner:
    return planner(TYPES)


def operation(levels: Sequence[str]) -> str:
    """Fields nested by `levels`; "fragment" is one in a named fragment."""
    text, fragments = "{ __typename }", ""
    for number, level in enumerate(reversed(levels)):
        if level == "fragment":
            fragments += f" fragment F{number} on Node {{ same {text} }}"
            text = f"{{ ... F{number} }}"
        else:
            text = level % text
    return f"{{ node {text} }}{fragments}"


@given(levels=st.lists(st.sampled_from(LEVELS), max_size=MAX_DEPTH - 2))
@settings(max_examples=15, deadline=None)
def test_what_the_limits_let_through_is_planned(nodes: Planner, levels: list[str]) -> None:
    assert nodes.plan(operation(levels)).fetch_count > 0


@pytest.mark.parametrize("level", LEVELS)
def test_the_deepest_operation_of_each_kind_is_planned(nodes: Planner, level: str) -> None:
    found = nodes.plan(operation([level] * (MAX_DEPTH - 2)))
    assert found.depth <= MAX_DEPTH
    assert str(found).count("\n") > MAX_DEPTH


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("depth", [201, 1000, 5000])
def test_what_nests_deeper_is_refused(nodes: Planner, level: str, depth: int) -> None:
    with pytest.raises(OperationError):
        nodes.plan(operation([level] * depth))


def test_the_recursion_limit_is_as_before_afterwards(nodes: Planner) -> None:
    before = sys.getrecursionlimit()
    nodes.plan(operation(LEVELS[:1] * (MAX_DEPTH - 2)))
    assert sys.getrecursionlimit() == before


PARTING = TYPES.replace(
    "id: ID! same: Node @join__field(graph: A) other: Node @join__field(graph: B)",
    "id: ID! same: Node other: Node @join__field(graph: B)",
) + TYPES[TYPES.index("type X") :].replace("type X", "type Y").replace(
    "other: Node @join__field(graph: B)", "other: Node"
)


def test_an_operation_whose_plan_doubles_at_each_level_is_refused_in_bounded_time(
    planner: Callable[[str], Planner],
) -> None:
    parting = planner(PARTING)
    levels = [LEVELS[number % 2] for number in range(MAX_DEPTH - 2)]
    assert parting.plan(operation(levels[:6])).depth <= 7
    start = time.process_time()
    with pytest.raises(OperationError) as caught:
        parting.plan(operation(levels))
    assert caught.value.code == "QUERY_PLAN_COMPLEXITY_EXCEEDED"
    assert time.process_time() - start < 10
