from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.planning.fetch_graph import FetchNode, SelectedObject
from gateway.planning.plan import Fetch, Parallel, PlanNode, Sequence, depth
from gateway.planning.requests import Request, depths
from gateway.planning.scheduling import schedule


@st.composite
def requests_with_parents(draw: st.DrawFn) -> list[Request]:
    """Up to nine requests; each waits for some of those before it."""
    found: list[Request] = []
    for number in range(draw(st.integers(1, 9))):
        request = Request(FetchNode(number, "a", "query", (), SelectedObject("T"), is_entity=True))
        request.parents = (
            set(draw(st.lists(st.sampled_from(found), max_size=3, unique=True))) if found else set()
        )
        found.append(request)
    return found


def fetch_of(request: Request) -> Fetch:
    return Fetch(id=request.order, subgraph="a", operation_kind="query", document="")


def ids(node: PlanNode) -> set[int]:
    match node:
        case Fetch(id=identity):
            return {identity}
        case Sequence(nodes) | Parallel(nodes):
            return set().union(*map(ids, nodes))
    raise AssertionError(node)


def ordered_pairs(node: PlanNode) -> Iterator[tuple[int, int]]:
    """Each request with those that the plan runs only after it."""
    if isinstance(node, Sequence):
        for index, (first, _) in enumerate(pairwise(node.nodes)):
            later = set().union(*map(ids, node.nodes[index + 1 :]))
            yield from ((before, after) for before in ids(first) for after in later)
    for inner in getattr(node, "nodes", ()):
        yield from ordered_pairs(inner)


@given(requests_with_parents())
def test_each_request_runs_once_after_all_it_waits_for_and_no_chain_grows(requests: list[Request]) -> None:
    node = schedule(requests, fetch_of)
    assert node is not None
    assert ids(node) == {request.order for request in requests}
    ordered = set(ordered_pairs(node))
    assert all((parent.order, request.order) in ordered for request in requests for parent in request.parents)
    assert depth(node) == depths(requests)[None]


def test_what_follows_one_branch_does_not_wait_for_the_other() -> None:
    first, second, after_first, after_second, after_both = (
        Request(FetchNode(number, "a", "query", (), SelectedObject("T"), is_entity=True))
        for number in range(5)
    )
    after_first.parents, after_second.parents = {first}, {second}
    after_both.parents = {after_first, after_second}
    node = schedule([first, second, after_first, after_second, after_both], fetch_of)
    assert node is not None
    assert set(ordered_pairs(node)) == {(0, 2), (1, 3), (0, 4), (1, 4), (2, 4), (3, 4)}
