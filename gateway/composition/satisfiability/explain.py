"""Says why a query cannot be satisfied: the query, and for each subgraph what is in the way."""

from gateway.composition.model.field_set import print_selections
from gateway.composition.model.schema import Field, Schema
from gateway.composition.model.typeref import named_type
from gateway.composition.satisfiability.graph import Vertex
from gateway.composition.satisfiability.problems import CalledTwice, MismatchedTypes, State, Unsatisfiable
from gateway.composition.satisfiability.walk import Walk


def explain(walk: Walk, problem: Unsatisfiable) -> str:
    query = _print_query(walk.graph.supergraph, problem.state, problem.field)
    reasons = "\n".join(_reasons(walk, problem))
    return f"The following supergraph API query:\n{query}\ncannot be satisfied by the subgraphs because:\n{reasons}"


def explain_called_twice(walk: Walk, problem: CalledTwice) -> str:
    """Why a mutation's field must not be shared, by the subgraph that it is called in."""
    summary = (
        f'Each query of the mutation "{problem.field.coordinate}" must be answered from one call of it, in one subgraph, and'
        " no subgraph that has it leads to everything that may be selected. Let one of them lead there, or resolve the"
        " mutation in one subgraph only:"
    )
    lines = [summary]
    for subgraph, each in problem.problems:
        lines.append(f'- when it is called in subgraph "{walk.graph.context.name(subgraph)}":')
        lines += [f"  {line}" for line in explain(walk, each).splitlines()]
    return "\n".join(lines)


def explain_mismatch(walk: Walk, problem: MismatchedTypes) -> str:
    query = _print_query(walk.graph.supergraph, problem.state, problem.field)
    types = walk.runtime_types(list(problem.vertices), problem.field)
    lines = "\n".join(
        f' - in subgraph "{walk.graph.context.name(vertex.subgraph)}": {", ".join(sorted(names))};'
        for vertex, names in types.items()
    )
    extent = "different" if problem.partial else "a non-intersecting set of"
    return (
        f'For the following supergraph API query:\n{query}\nShared field "{problem.field.coordinate}" return type'
        f' "{named_type(problem.field.type)}" has {extent} possible runtime types across subgraphs. Runtime'
        f" types in subgraphs are:\n{lines}\nShared fields must resolve the same way in all subgraphs: let each return the same types."
    )


def _print_query(supergraph: Schema, state: State, field: Field | None) -> str:
    """The shortest query found that shows the problem, with a value for every required argument."""
    steps: list[tuple[str, str]] = []
    current: State | None = state
    while current is not None and current.before is not None and current.field is not None:
        steps.append((current.before.type, current.field))
        current = current.before
    steps.reverse()
    root = current.type if current is not None else "Query"
    opening = "" if root == "Query" else f"{root.lower()} "
    selected = [*steps, (state.type, field.name if field is not None else "")]
    return opening + "\n".join(_selection(supergraph, selected, state.type if field is None else None))


def _selection(supergraph: Schema, steps: list[tuple[str, str]], narrowed: str | None) -> list[str]:
    lines, closing, indent = ["{"], ["}"], "  "
    static: str | None = steps[0][0]
    for owner, name in steps:
        if static != owner:
            lines.append(f"{indent}... on {owner} {{")
            closing.append(f"{indent}}}")
            indent += "  "
        field = supergraph.field(owner, name)
        if field is None:
            lines.append(f"{indent}...")
            break
        leaf = not supergraph.is_composite(named_type(field.type))
        last = (owner, name) == steps[-1] and narrowed is None
        text = f"{indent}{name}{_arguments(field)}"
        static = named_type(field.type)
        lines.append(text if leaf else f"{text} {{")
        if not leaf:
            lines += [f"{indent}  ..."] if last else []
            closing.append(f"{indent}}}")
            indent += "  "
    return lines + closing[::-1]


def _arguments(field: Field) -> str:
    required = [f'{each.name}: "<any {each.name}>"' for each in field.arguments.values() if each.required]
    return f"({', '.join(required)})" if required else ""


def _reasons(walk: Walk, problem: Unsatisfiable) -> list[str]:
    graph = walk.graph
    lines = []
    for vertex in problem.reached:
        name = graph.context.name(vertex.subgraph)
        if problem.field is None:
            lines.append(
                f'- from subgraph "{name}": no subgraph can be reached to resolve the implementation type of'
                f' @interfaceObject type "{vertex.type}".'
            )
            continue
        found = [_at(walk, problem, vertex, problem.field), *_moves(walk, problem, vertex, problem.field)]
        if len(found) == 1:
            lines.append(f'- from subgraph "{name}": {found[0]}')
        else:
            lines.append(f'- from subgraph "{name}":')
            lines += [f"  - {reason}" for reason in found]
    return lines


def _at(walk: Walk, problem: Unsatisfiable, vertex: Vertex, field: Field) -> str:
    """Why the subgraph of a vertex does not answer the field itself."""
    graph = walk.graph
    declared = graph.field(vertex, field.name)
    coordinate = f"{vertex.type}.{field.name}"
    if declared is None:
        return f'cannot find field "{coordinate}".'
    if graph.is_overridden(vertex, declared, problem.labels):
        return f'field "{coordinate}" is not resolvable because it is overridden.'
    if graph.is_external(vertex, declared):
        return f'field "{coordinate}" is not resolvable because marked @external.'
    if declared.has("requires"):
        if not walk.reachability.is_resumable(problem.state.type, vertex, problem.state.vertices):
            return (
                f'@require condition on field "{coordinate}" cannot be sent there: type "{vertex.type}" has no @key that'
                f' subgraph "{graph.context.name(vertex.subgraph)}" resolves itself.'
            )
        if not walk.reachability.requires_met(problem.state.type, vertex, declared):
            return f'cannot satisfy @require conditions on field "{coordinate}".'
    missing = walk.reachability.missing_context(vertex, declared)
    name = missing.name if missing is not None else ""
    return (
        f'could not find a match for required context "{name}" for field "{coordinate}": let the query pass through a'
        " type that sets it, from which what is selected can be had."
    )


def _moves(walk: Walk, problem: Unsatisfiable, vertex: Vertex, field: Field) -> list[str]:
    """Why one cannot move to the subgraphs that do have the field."""
    graph = walk.graph
    reasons = []
    for target in graph.candidates(problem.state.type):
        declared = graph.field(target, field.name)
        if target.subgraph == vertex.subgraph or target in problem.reached or declared is None:
            continue
        if graph.is_external(target, declared) or graph.is_overridden(target, declared, problem.labels):
            continue
        name = graph.context.name(target.subgraph)
        keys = graph.keys(target.subgraph, target.type)
        reasons += [
            f'cannot move to subgraph "{name}" using @key(fields: "{print_selections(key)}") of "{target.type}", the key'
            f' field(s) cannot be resolved from subgraph "{graph.context.name(vertex.subgraph)}".'
            for key in keys
        ]
        if not keys:
            resolvable = "resolvable " if graph.type(target).has("key") else ""
            reasons.append(
                f'cannot move to subgraph "{name}", which has field "{target.type}.{field.name}", because type "{target.type}"'
                f' has no {resolvable}@key defined in subgraph "{name}".'
            )
    return reasons
