"""The response keys of one position of the answer, so that what the planner adds clashes with nothing.

Fetches of several subgraphs are merged into one object. A key or a required field that the planner adds
takes its own name as response key, or an alias where the client uses that name for something else.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from gateway.planning.plan import RequiredField, RequiredFragment, RequiredSelection
from gateway.planning.selection import Selection
from gateway.supergraph.query_graph import QueryGraph


class ResponseKeys:
    """One position of the answer with those below it."""

    def __init__(self, selections: Iterable[Selection]) -> None:
        self._selections: dict[str, list[Selection]] = {}
        self._used: dict[str, set[tuple[str, str]]] = {}
        self._below: dict[str, ResponseKeys] = {}
        for selection in selections:
            self._selections.setdefault(selection.response_key, []).append(selection)
            self._used.setdefault(selection.response_key, set()).add(_field_of(selection))

    def below(self, response_key: str) -> "ResponseKeys":
        """The position of the objects that the client or the planner selects as `response_key`."""
        if response_key not in self._below:
            inner = [
                child
                for found in self._selections.get(response_key, ())
                for child in (*found.selections, *found.deferred)
            ]
            self._below[response_key] = ResponseKeys(inner)
        return self._below[response_key]

    def place(self, selection: Selection) -> str:
        """A response key for a field that the planner adds; the same one whenever it asks again."""
        number = 0
        response_key = selection.name
        field = _field_of(selection)
        while self._used.setdefault(response_key, {field}) != {field}:
            response_key = f"_{selection.name}_{number}"
            number += 1
        return response_key


def _field_of(selection: Selection) -> tuple[str, str]:
    return selection.name, selection.arguments


def required_selections(
    graph: QueryGraph, keys: ResponseKeys, selections: Iterable[Selection], types: frozenset[str]
) -> tuple[RequiredSelection, ...]:
    """How a representation reads `selections`, which were placed at `keys`, from objects of `types`."""
    found: list[RequiredSelection] = []
    for selection in selections:
        if selection.name == "__typename":
            continue
        field = _required_field(graph, keys, selection)
        if types <= selection.types:
            found.append(field)
        else:
            found += [RequiredFragment(name, (name,), (field,)) for name in sorted(selection.types & types)]
    return joined_required(found)


def _required_field(graph: QueryGraph, keys: ResponseKeys, selection: Selection) -> RequiredField:
    response_key = keys.place(selection)
    if not selection.selections:
        return RequiredField(selection.name, response_key)
    type_name = graph.field_type(min(selection.types), selection.name).name
    inner = required_selections(
        graph, keys.below(response_key), selection.selections, graph.possible_types(type_name)
    )
    if graph.is_abstract(type_name) and not graph.has_interface_object(type_name):
        inner = joined_required((RequiredField("__typename", "__typename"), *inner))
    return RequiredField(selection.name, response_key, inner)


def joined_required(selections: Iterable[RequiredSelection]) -> tuple[RequiredSelection, ...]:
    """The selections with those of one member, or of one type condition, made one."""
    found: dict[tuple[str, ...], RequiredSelection] = {}
    for selection in selections:
        key = (
            (selection.name, selection.source)
            if isinstance(selection, RequiredField)
            else (selection.type_condition,)
        )
        known = found.get(key)
        inner = joined_required((*(known.selections if known else ()), *selection.selections))
        found[key] = replace(selection, selections=inner)
    return tuple(found.values())
