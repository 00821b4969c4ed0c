"""Query plans for people and tools: Apollo's QueryPlan notation and its JSON.

`BatchFetch` is the notation for one request with several entity fetches, or with one for several paths.
"""

from collections.abc import Iterable
from textwrap import indent
from typing import Any

from graphql import FieldNode, OperationDefinitionNode, SelectionSetNode, parse, print_ast

from gateway.planning.nesting import deep_nesting
from gateway.planning.plan import (
    Condition,
    Each,
    EntityFetch,
    Fetch,
    Key,
    KeyRenamer,
    OfType,
    Parallel,
    Path,
    PlanNode,
    Representation,
    RequiredField,
    RequiredSelection,
    Sequence,
    Subscription,
)

_INDENT = "  "


def print_plan(node: PlanNode | None) -> str:
    """The plan in the QueryPlan notation."""
    with deep_nesting:
        return "QueryPlan {}" if node is None else _block("QueryPlan", [_print_node(node) + ","])


def plan_to_json(node: PlanNode | None) -> dict[str, Any]:
    """The plan as plain data with the names of Apollo's JSON."""
    return {"kind": "QueryPlan"} if node is None else {"kind": "QueryPlan", "node": _node_to_json(node)}


def _block(head: str, parts: Iterable[str]) -> str:
    return f"{head} {{\n{indent(chr(10).join(parts), _INDENT)}\n}}"


def _print_node(node: PlanNode) -> str:
    match node:
        case Fetch():
            return _print_fetch(node)
        case Sequence(nodes):
            return _block("Sequence", [_print_node(inner) + "," for inner in nodes])
        case Parallel(nodes):
            return _block("Parallel", [_print_node(inner) + "," for inner in nodes])
        case Condition(variable, if_clause, else_clause):
            clauses = (("Include", if_clause), ("Skip", else_clause))
            return "\n".join(
                _block(f"{name}(if: ${variable})", [_print_node(clause)])
                for name, clause in clauses
                if clause
            )
        case Subscription(primary, rest):
            parts = {"Primary": primary, "Rest": rest}
            return _block(
                "Subscription",
                [_block(f"{name}:", [_print_node(part)]) + "," for name, part in parts.items() if part],
            )


def _print_fetch(fetch: Fetch) -> str:
    root = _root_selections(fetch)
    if not fetch.entities:
        plain = _block(f'Fetch(service: "{fetch.subgraph}")', [print_ast(root)])
        return _flattened(fetch.path, plain) if fetch.path else plain
    if _is_flatten(fetch):
        entity = fetch.entities[0]
        return _flattened(
            entity.paths[0], _block(f'Fetch(service: "{fetch.subgraph}")', [_print_entity(entity, root)])
        )
    parts = [
        _block(
            entity.alias,
            [f"paths: [{', '.join(_quoted(path) for path in entity.paths)}]", _print_entity(entity, root)],
        )
        for entity in fetch.entities
    ]
    return _block(f'BatchFetch(service: "{fetch.subgraph}")', [_block("", parts).lstrip()])


def _flattened(path: Path, node: str) -> str:
    return _block(f"Flatten(path: {_quoted(path)})", [node + ","])


def _is_flatten(fetch: Fetch) -> bool:
    return len(fetch.entities) == 1 and len(fetch.entities[0].paths) == 1


def _print_entity(entity: EntityFetch, root: SelectionSetNode) -> str:
    requires = _block("", [_print_representation(found) for found in entity.representations]).lstrip()
    return f"{requires} =>\n{print_ast(_answer_of(entity, root))}"


def _print_representation(representation: Representation) -> str:
    typename = representation.typename
    own = "__typename" if typename is None else f'__typename: "{typename}"'
    return _block(
        f"... on {representation.type_condition}", [own, *map(_print_required, representation.selections)]
    )


def _print_required(selection: RequiredSelection) -> str:
    if isinstance(selection, RequiredField):
        same = selection.name == selection.source
        head = selection.name if same else f"{selection.name}: {selection.source}"
    else:
        head = f"... on {selection.type_condition}"
    return _block(head, map(_print_required, selection.selections)) if selection.selections else head


def _quoted(path: Path) -> str:
    text = ""
    for step in path:
        match step:
            case Key(name):
                text += f".{name}"
            case Each():
                text += ".@"
            case OfType(types):
                text += f"|[{','.join(types)}]"
    return f'"{text.removeprefix(".")}"'


def _root_selections(fetch: Fetch) -> SelectionSetNode:
    operation = parse(fetch.document, no_location=True).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return operation.selection_set


def _answer_of(entity: EntityFetch, root: SelectionSetNode) -> SelectionSetNode:
    for node in root.selections:
        if (
            isinstance(node, FieldNode)
            and entity.alias == (node.alias or node.name).value
            and node.selection_set
        ):
            return node.selection_set
    raise LookupError(entity.alias)


def _node_to_json(node: PlanNode) -> dict[str, Any]:
    match node:
        case Fetch():
            return _fetch_to_json(node)
        case Sequence(nodes):
            return {"kind": "Sequence", "nodes": [_node_to_json(inner) for inner in nodes]}
        case Parallel(nodes):
            return {"kind": "Parallel", "nodes": [_node_to_json(inner) for inner in nodes]}
        case Condition(variable, if_clause, else_clause):
            clauses = {"ifClause": if_clause, "elseClause": else_clause}
            return {"kind": "Condition", "condition": variable} | {
                name: _node_to_json(clause) for name, clause in clauses.items() if clause is not None
            }
        case Subscription(primary, rest):
            parts = {"primary": primary, "rest": rest}
            return {"kind": "Subscription"} | {
                name: _node_to_json(part) for name, part in parts.items() if part is not None
            }


def _fetch_to_json(fetch: Fetch) -> dict[str, Any]:
    context = [argument.variable for entity in fetch.entities for argument in entity.context]
    found: dict[str, Any] = {
        "kind": "Fetch",
        "serviceName": fetch.subgraph,
        "variableUsages": [*fetch.variables, *context],
        "operation": fetch.document,
        "operationKind": fetch.operation_kind,
        "id": str(fetch.id),
    }
    if fetch.operation_name is not None:
        found["operationName"] = fetch.operation_name
    if not fetch.entities:
        found |= _rewrites_to_json((), fetch.renames)
        return {"kind": "Flatten", "path": _path_to_json(fetch.path), "node": found} if fetch.path else found
    if _is_flatten(fetch):
        entity = fetch.entities[0]
        found["requires"] = list(map(_representation_to_json, entity.representations))
        found |= _rewrites_to_json(entity.representations, entity.renames) | _context_to_json(entity)
        return {"kind": "Flatten", "path": _path_to_json(entity.paths[0]), "node": found}
    return found | {
        "kind": "BatchFetch",
        "entityBatch": {"aliases": list(map(_entity_to_json, fetch.entities))},
    }


def _entity_to_json(entity: EntityFetch) -> dict[str, Any]:
    return {
        "alias": entity.alias,
        "representationsVariableName": entity.variable,
        "paths": list(map(_path_to_json, entity.paths)),
        "requires": list(map(_representation_to_json, entity.representations)),
        **_rewrites_to_json(entity.representations, entity.renames),
        **_context_to_json(entity),
    }


def _representation_to_json(representation: Representation) -> dict[str, Any]:
    typename: dict[str, Any] = {"kind": "Field", "name": "__typename"}
    if representation.typename is not None:
        typename["value"] = representation.typename
    return {
        "kind": "InlineFragment",
        "typeCondition": representation.type_condition,
        "selections": [typename, *map(_required_to_json, representation.selections)],
    }


def _required_to_json(selection: RequiredSelection) -> dict[str, Any]:
    if isinstance(selection, RequiredField):
        found: dict[str, Any] = {"kind": "Field", "name": selection.source}
        if selection.name != selection.source:
            found["alias"] = selection.name
    else:
        found = {"kind": "InlineFragment", "typeCondition": selection.type_condition}
    if selection.selections:
        found["selections"] = list(map(_required_to_json, selection.selections))
    return found


def _rewrites_to_json(
    representations: Iterable[Representation], renames: Iterable[KeyRenamer]
) -> dict[str, Any]:
    """What is changed in representations before they are sent, and in the answer; without what is empty."""
    inputs = [
        {
            "kind": "ValueSetter",
            "path": [f"... on {found.type_condition}", "__typename"],
            "setValueTo": found.typename,
        }
        for found in representations
        if found.typename is not None
    ]
    outputs = [
        {"kind": "KeyRenamer", "path": _path_to_json(rename.path), "renameKeyTo": rename.rename_to}
        for rename in renames
    ]
    rewrites = {"inputRewrites": inputs, "outputRewrites": outputs}
    return {name: found for name, found in rewrites.items() if found}


def _context_to_json(entity: EntityFetch) -> dict[str, Any]:
    """Where variables are read: `..` leads from an object to the one that it is a member of."""
    rewrites = [
        {"kind": "KeyRenamer", "path": [*up, *path], "renameKeyTo": argument.variable}
        for argument in entity.context
        for up in [[".." for step in entity.paths[0][argument.depth :] if isinstance(step, Key)]]
        for source in argument.sources
        for path in _source_to_json(source)
    ]
    return {"contextRewrites": rewrites} if rewrites else {}


def _source_to_json(source: Path) -> list[list[str]]:
    """The path without lists, once for each combination of its types."""
    found: list[list[str]] = [[]]
    for step in source:
        match step:
            case Key(name):
                found = [[*path, name] for path in found]
            case OfType(types):
                found = [[*path, f"... on {name}"] for path in found for name in types]
            case Each():
                pass
    return found


def _path_to_json(path: Path) -> list[str]:
    found: list[str] = []
    for step in path:
        match step:
            case Key(name):
                found.append(name)
            case Each():
                found.append("@")
            case OfType(types):
                found.append(f"|[{','.join(types)}]")
    return found
