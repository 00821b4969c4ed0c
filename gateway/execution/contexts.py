"""Arguments that are read from objects above (`@fromContext`): their values, and the requests that carry them.

A variable has one value in a request. Objects of one path whose values differ are therefore asked for by `_entities`
fields of their own, each with variables of its own; how many there are is known only from the data.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

import msgspec
from graphql import (
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    strip_ignored_characters,
    visit,
)
from graphql.language import SelectionSetNode

from gateway.execution.paths import Object, compile_collector
from gateway.planning.plan import ContextArgument, Each, EntityFetch, Fetch, Key, OfType, Path

_encode = msgspec.json.Encoder().encode

Values = Mapping[str, bytes]
"""The encoded values of contextual arguments by the names of their variables."""


def compile_contextual_collector(
    entity: EntityFetch,
) -> Callable[[Object], dict[tuple[bytes, ...], list[Object]]]:
    """Finds the objects of the entity fetch by the values of their context, in the order of the data."""
    (path,) = entity.paths
    depths = sorted({argument.depth for argument in entity.context})
    ends = [0, *depths, len(path)]
    parts = [compile_collector(path[start:end]) for start, end in pairwise(ends)]
    arguments = [[found for found in entity.context if found.depth == depth] for depth in depths]

    def find(value: Object, level: int, known: Values) -> Iterator[tuple[Values, Object]]:
        for inner in parts[level](value):
            if level == len(arguments):
                yield known, inner
            else:
                read = {argument.variable: _read(argument, inner) for argument in arguments[level]}
                yield from find(inner, level + 1, {**known, **read})

    def collect(data: Object) -> dict[tuple[bytes, ...], list[Object]]:
        grouped: dict[tuple[bytes, ...], list[Object]] = {}
        for values, found in find(data, 0, {}):
            key = tuple(values[argument.variable] for argument in entity.context)
            grouped.setdefault(key, []).append(found)
        return grouped

    return collect


def _read(argument: ContextArgument, value: Object) -> bytes:
    """The encoded value; the first source that leads to one counts."""
    found = (_follow(value, source) for source in argument.sources)
    return _encode(next((each for each in found if each is not None), None))


def _follow(value: Any, path: Path) -> Any:
    for number, step in enumerate(path):
        match step, value:
            case Key(name), dict():
                value = value.get(name)
            case OfType(types), dict() if value.get("__typename") in types:
                continue
            case Each(), list():
                return [_follow(element, path[number + 1 :]) for element in value]
            case _:
                return None
    return value


def numbered(name: str, number: int) -> str:
    """A name of the document for one of several `_entities` fields that differ in their context; the first keeps it."""
    return f"{name}__{number}" if number else name


def unnumbered(name: str) -> str:
    """The name that `numbered` was given."""
    original, _, number = name.rpartition("__")
    return original if original and number.isdecimal() else name


@lru_cache(maxsize=256)
def multiplied(fetch: Fetch, counts: tuple[int, ...]) -> str:
    """The document of the fetch with so many `_entities` fields for each of its entity fetches."""
    if all(count == 1 for count in counts):
        return fetch.document
    (operation,) = parse(fetch.document, no_location=True).definitions
    assert isinstance(operation, OperationDefinitionNode)
    repeated = {
        name: count
        for entity, count in zip(fetch.entities, counts, strict=True)
        for name in (entity.alias, entity.variable, *(argument.variable for argument in entity.context))
    }
    selection_set = SelectionSetNode(
        selections=tuple(
            _aliased(visit(field, _Rename(repeated, number)), number)
            for field in operation.selection_set.selections
            if isinstance(field, FieldNode)
            for number in range(repeated[(field.alias or field.name).value])
        )
    )
    used = _variables(selection_set)
    definitions = tuple(
        visit(definition, _Rename(repeated, number))
        for definition in operation.variable_definitions or ()
        for number in range(repeated.get(definition.variable.name.value, 1))
    )
    renamed = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        variable_definitions=tuple(each for each in definitions if each.variable.name.value in used),
        selection_set=selection_set,
    )
    return strip_ignored_characters(print_ast(renamed))


def _variables(selection_set: SelectionSetNode) -> set[str]:
    """The names of the variables that selections use; what only a field used that is not asked for is not among them."""
    names: set[str] = set()

    class Collect(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            names.add(node.name.value)

    visit(selection_set, Collect())
    return names


class _Rename(Visitor):
    """Gives the variables of one of several `_entities` fields their names."""

    def __init__(self, repeated: Mapping[str, int], number: int) -> None:
        super().__init__()
        self._repeated = repeated
        self._number = number

    def enter_variable(self, node: VariableNode, *_: object) -> VariableNode | None:
        if node.name.value not in self._repeated:
            return None
        return VariableNode(name=NameNode(value=numbered(node.name.value, self._number)))


def _aliased(field: FieldNode, number: int) -> FieldNode:
    return FieldNode(
        alias=NameNode(value=numbered((field.alias or field.name).value, number)),
        name=field.name,
        arguments=field.arguments,
        directives=field.directives,
        selection_set=field.selection_set,
    )
