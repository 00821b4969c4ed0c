"""Query plans as plain data, with the names of Apollo's JSON.

Where Apollo has no name for it: one request with several entity fetches is a `BatchFetch`.
"""

from collections.abc import Iterable
from typing import Any

from graphql import print_ast

from gateway.planning.plan import (
    Condition,
    Defer,
    Deferred,
    Each,
    EntityFetch,
    Fetch,
    Key,
    KeyRenamer,
    OfType,
    Parallel,
    Path,
    Representation,
    RequiredField,
    RequiredSelection,
    Sequence,
    Subscription,
    TopNode,
)
from gateway.planning.printing import deferred_path, is_flatten, selected_by


def plan_to_json(node: TopNode | None) -> dict[str, Any]:
    """The plan as plain data with the names of Apollo's JSON."""
    return {"kind": "QueryPlan"} if node is None else {"kind": "QueryPlan", "node": _node_to_json(node)}


def _node_to_json(node: TopNode) -> dict[str, Any]:
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
        case Defer(primary, deferred):
            first = {} if primary is None else {"node": _node_to_json(primary)}
            return {"kind": "Defer", "primary": first, "deferred": list(map(_deferred_to_json, deferred))}
        case Subscription(primary, rest):
            parts = {"primary": primary, "rest": rest}
            return {"kind": "Subscription"} | {
                name: _node_to_json(part) for name, part in parts.items() if part is not None
            }


def _deferred_to_json(part: Deferred) -> dict[str, Any]:
    """`parent` is Hansa's: Apollo nests the parts."""
    found: dict[str, Any] = {
        "depends": [{"id": str(identity)} for identity in part.depends],
        "queryPath": deferred_path(part),
        "subselection": print_ast(selected_by(part)),
        "label": part.label,
        "if": part.variable,
        "parent": part.parent,
        "node": part.node and _node_to_json(part.node),
    }
    return {name: value for name, value in found.items() if value is not None}


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
    if is_flatten(fetch):
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
