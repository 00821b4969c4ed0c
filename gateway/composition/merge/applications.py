"""Merges directive applications: those of core features by their own strategies, composed ones as written.

A directive that may be applied once is merged argument by argument where its specification says how, and otherwise
as most subgraphs wrote it.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from gateway.composition.merge.context import E, MergeContext, Sources
from gateway.composition.model.schema import Application, DirectiveDefinition, Element
from gateway.composition.model.value import print_value

Strategy: TypeAlias = Callable[[list[Any]], Any]


def maximum(values: list[Any]) -> Any:
    return max((value for value in values if value is not None), default=None)


def union(values: list[Any]) -> Any:
    given = [value for value in values if value is not None]
    return list(dict.fromkeys(item for value in given for item in value)) if given else None


def every(values: list[Any]) -> Any:
    given = [value for value in values if value is not None]
    return all(given) if given else None


def conjunction(values: list[Any]) -> Any:
    """Both requirements at once: each is an OR of ANDs, so every pair of alternatives is joined."""
    merged: list[list[str]] = [[]]
    for alternatives in values:
        joined = [dict.fromkeys([*left, *right]) for left in merged for right in alternatives]
        merged = _without_implied([sorted(each) for each in joined])
    return merged


def _without_implied(alternatives: list[list[str]]) -> list[list[str]]:
    unique = [each for index, each in enumerate(alternatives) if each not in alternatives[:index]]
    return [each for each in unique if not any(set(other) < set(each) for other in unique)]


STRATEGIES: dict[str, dict[str, Strategy]] = {
    "requiresScopes": {"scopes": conjunction},
    "policy": {"policies": conjunction},
    "cost": {"weight": maximum},
    "listSize": {
        "assumedSize": maximum,
        "slicingArguments": union,
        "sizedFields": union,
        "requireOneSlicingArgument": every,
    },
}
MERGED = frozenset(
    (
        "tag",
        "inaccessible",
        "authenticated",
        "requiresScopes",
        "policy",
        "cost",
        "listSize",
        "context",
        "cacheTag",
    )
)
_STANDARD = frozenset(("deprecated", "specifiedBy", "oneOf"))


def merge_applications(context: MergeContext, sources: Sources[E], target: E, coordinate: str) -> None:
    """Merge what the sources apply onto the target; `@inaccessible` leads, as it decides over the API schema."""
    if not any(each.applications for _, each in sources):
        return
    groups: dict[str, list[tuple[int, Application]]] = {}
    for index, each in sources:
        for application in each.applications:
            if application.core in MERGED or application.core in _STANDARD:
                groups.setdefault(application.core or "", []).append((index, application))
            elif application.core is None and index in context.composed.get(application.name, ()):
                groups.setdefault(f"@{application.name}", []).append((index, application))
    for name in sorted(groups, key=lambda name: name != "inaccessible"):
        target.applications += _merge(context, name, groups[name], coordinate)


def insert_joins(target: Element, joins: list[Application]) -> None:
    """Put what the join specification says of an element before all but `@inaccessible`."""
    start = 1 if target.has("inaccessible") else 0
    target.applications[start:start] = joins


def _merge(
    context: MergeContext, name: str, found: Sources[Application], coordinate: str
) -> list[Application]:
    if name == "cacheTag":
        return _join_directives(context, found)
    if name == "context":
        return _contexts(context, found)
    local = name[1:] if name.startswith("@") else context.core_names.get(name, name)
    core = None if name.startswith("@") else name
    definition = context.supergraph.directives.get(local)
    if name == "tag" or (definition is not None and definition.repeatable):
        return _unique(found, local, core)
    arguments = [_completed(application.arguments, definition) for _, application in found]
    if len(found) == 1 or all(each == arguments[0] for each in arguments):
        return [Application(local, found[0][1].arguments, core)]
    return [Application(local, _merge_arguments(context, name, arguments, coordinate, found), core)]


def _completed(arguments: dict[str, Any], definition: DirectiveDefinition | None) -> dict[str, Any]:
    return arguments if definition is None else definition.with_defaults(arguments)


def _unique(found: Sources[Application], local: str, core: str | None) -> list[Application]:
    unique = {print_value(application.arguments): application for _, application in found}
    return [Application(local, application.arguments, core) for application in unique.values()]


def _merge_arguments(
    context: MergeContext,
    name: str,
    arguments: list[dict[str, Any]],
    coordinate: str,
    found: Sources[Application],
) -> dict[str, Any]:
    places = [application.location for _, application in found]
    strategies = STRATEGIES.get(name)
    if strategies is None:
        chosen = most_common(arguments)
        message = (
            f'Directive @{name.lstrip("@")} on "{coordinate}" has different arguments in different subgraphs.'
        )
        code = "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"
        context.diagnostics.hint(code, "WARN", message, coordinate, places)
        return chosen
    merged = {
        argument: merge([each.get(argument) for each in arguments]) for argument, merge in strategies.items()
    }
    message = f'Directive @{name} on "{coordinate}" has different arguments in different subgraphs; they are merged.'
    context.diagnostics.hint("MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS", "INFO", message, coordinate, places)
    return {argument: value for argument, value in merged.items() if value is not None}


def most_common(arguments: list[dict[str, Any]]) -> dict[str, Any]:
    """The value that occurs most often; the first of equals."""
    return max(arguments, key=arguments.count)


def _join_directives(context: MergeContext, found: Sources[Application]) -> list[Application]:
    """Directives that the router reads of each subgraph on its own travel inside `@join__directive`."""
    groups: dict[str, tuple[Application, list[int]]] = {}
    for index, application in found:
        groups.setdefault(print_value(application.arguments), (application, []))[1].append(index)
    return [
        Application(
            "join__directive",
            {
                "graphs": [context.graphs[index] for index in dict.fromkeys(indexes)],
                "name": f"federation__{application.core}",
                "args": application.arguments,
            },
        )
        for application, indexes in groups.values()
    ]


def _contexts(context: MergeContext, found: Sources[Application]) -> list[Application]:
    """Contexts are a subgraph's own: its name is in theirs."""
    names = dict.fromkeys(f"{context.name(index)}__{each.arguments.get('name')}" for index, each in found)
    return [
        Application(context.core_names.get("context", "context"), {"name": name}, "context") for name in names
    ]
