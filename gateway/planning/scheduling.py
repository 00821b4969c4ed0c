"""Orders requests: what waits for nothing of one another runs in parallel, the rest in sequence.

The nodes are nested by true dependencies where that makes no chain longer; where a request waits for several
that have other followers too, one level at a time.
"""

from collections.abc import Callable
from collections.abc import Sequence as Rows

from gateway.planning.plan import Condition, Parallel, PlanNode, Sequence
from gateway.planning.requests import Request, levels
from gateway.planning.selection import Conditions


def schedule(requests: Rows[Request], leaf: Callable[[Request], PlanNode]) -> PlanNode | None:
    """The plan node that runs `requests`; `leaf` gives the node of one."""
    nodes = [_component(component, leaf) for component in _components(requests)]
    return in_parallel(nodes) if nodes else None


def in_sequence(nodes: Rows[PlanNode]) -> PlanNode:
    flat: list[PlanNode] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, Sequence) else [node]
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat))


def in_parallel(nodes: Rows[PlanNode]) -> PlanNode:
    flat: list[PlanNode] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, Parallel) else [node]
    return flat[0] if len(flat) == 1 else Parallel(tuple(flat))


def under_conditions(node: PlanNode, conditions: Conditions) -> PlanNode:
    for variable, wanted in reversed(conditions):
        node = Condition(variable, node, None) if wanted else Condition(variable, None, node)
    return node


def _component(requests: Rows[Request], leaf: Callable[[Request], PlanNode]) -> PlanNode:
    """The node for requests that hang together: those without parents, what follows one of them alone, the rest."""
    inside = set(requests)
    sources = [request for request in requests if not request.parents & inside]
    branches = [[source] for source in sources]
    if len(sources) > 1:
        followed = [[source, *_followers(source, requests)] for source in sources]
        rest = _without(requests, followed)
        if max(map(_chain, followed)) + _chain(rest) <= _chain(requests):
            branches = followed
    first = in_parallel([_branch(branch, leaf) for branch in branches])
    following = schedule(_without(requests, branches), leaf)
    return first if following is None else in_sequence([first, following])


def _branch(requests: Rows[Request], leaf: Callable[[Request], PlanNode]) -> PlanNode:
    following = schedule(requests[1:], leaf)
    return leaf(requests[0]) if following is None else in_sequence([leaf(requests[0]), following])


def _followers(source: Request, requests: Rows[Request]) -> list[Request]:
    """The requests that wait, in the end, for `source` alone."""
    inside = set(requests)
    found = {source}
    for request in _in_order(requests):
        parents = request.parents & inside
        if parents and parents <= found:
            found.add(request)
    return [request for request in requests if request in found and request is not source]


def _without(requests: Rows[Request], others: Rows[Rows[Request]]) -> list[Request]:
    gone = {request for other in others for request in other}
    return [request for request in requests if request not in gone]


def _chain(requests: Rows[Request]) -> int:
    """The longest chain inside `requests`."""
    lengths: dict[Request, int] = {}
    for request in _in_order(requests):
        lengths[request] = 1 + max((lengths.get(parent, 0) for parent in request.parents), default=0)
    return max(lengths.values(), default=0)


def _in_order(requests: Rows[Request]) -> list[Request]:
    """Each request after its parents."""
    level = levels(requests)
    return sorted(requests, key=level.__getitem__)


def _components(requests: Rows[Request]) -> list[list[Request]]:
    """The requests in groups without dependencies between them, in order."""
    inside = set(requests)
    neighbours: dict[Request, set[Request]] = {request: set() for request in requests}
    for request in requests:
        for parent in request.parents & inside:
            neighbours[request].add(parent)
            neighbours[parent].add(request)
    found: list[list[Request]] = []
    seen: set[Request] = set()
    for request in requests:
        if request in seen:
            continue
        component = {request}
        waiting = [request]
        while waiting:
            for neighbour in neighbours[waiting.pop()] - component:
                component.add(neighbour)
                waiting.append(neighbour)
        seen |= component
        found.append([member for member in requests if member in component])
    return found
