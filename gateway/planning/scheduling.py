"""Orders requests: what waits for nothing of one another runs in parallel, the rest in sequence.

The nodes are nested by true dependencies where that makes no chain longer; where a request waits for several
that have other followers too, one level at a time.
"""

from collections.abc import Callable
from collections.abc import Sequence as Rows

from gateway.planning.plan import Condition, Parallel, PlanNode, Sequence
from gateway.planning.requests import Request
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
    """The node for requests that hang together."""
    inside = set(requests)
    sources = [request for request in requests if not request.parents & inside]
    rest = [request for request in requests if request not in sources]
    first = in_parallel([leaf(source) for source in sources])
    following = schedule(rest, leaf)
    return first if following is None else in_sequence([first, following])


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
