"""Fetches of entities: representations out of the data, the answers back into it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Raw

from gateway.execution.answer import Answer
from gateway.execution.context import Execution
from gateway.execution.contexts import multiplied, numbered
from gateway.execution.entities import EntityPlaces, Gathered
from gateway.execution.errors import FetchError, Position, in_clients_terms
from gateway.execution.renames import rename_position
from gateway.execution.request import ask, compile_body, encode_request
from gateway.execution.runner import Runner
from gateway.planning.plan import Fetch

Wanted = list[tuple[EntityPlaces, Gathered]]
_EncodeBody = Callable[[Mapping[str, Any], Sequence[Sequence[Gathered]]], bytes]
"""Of the client's variables and what was gathered for each entity fetch."""


def compile_entity_fetch(fetch: Fetch, interfaces: frozenset[str]) -> Runner[Execution]:
    """Runs the fetch unless no object wants an entity. Its failure is reported at each of these objects."""
    encode_body = _compile_contextual_body(fetch) if _is_contextual(fetch) else _compile_body(fetch)
    all_places = [EntityPlaces(entity, interfaces) for entity in fetch.entities]

    async def run(execution: Execution) -> None:
        found = [places.gather(execution.data) for places in all_places]
        wanted = [(places, each) for places, own in zip(all_places, found, strict=True) for each in own]
        if not any(gathered.representations for _, gathered in wanted):
            return
        body = encode_body(execution.variables, found)
        try:
            answer = await ask(fetch, body, execution)
            answered = [places.read(answer, gathered) for places, gathered in wanted]
        except FetchError as error:
            positions = _all_positions(wanted, execution)
            execution.errors.add_at_each(error.formatted(fetch.subgraph), positions)
            return
        for (places, gathered), entities in zip(wanted, answered, strict=True):
            places.fill(gathered, entities)
        if answer.errors:
            _report_answered(answer, fetch, wanted, execution)

    return run


def _is_contextual(fetch: Fetch) -> bool:
    return any(entity.context for entity in fetch.entities)


def _compile_body(fetch: Fetch) -> _EncodeBody:
    encode = compile_body(fetch)
    return lambda variables, found: encode(variables, [gathered.encode() for (gathered,) in found])


def _compile_contextual_body(fetch: Fetch) -> _EncodeBody:
    def encode(variables: Mapping[str, Any], found: Sequence[Sequence[Gathered]]) -> bytes:
        known = {name: variables[name] for name in fetch.variables if name in variables}
        for entity, own in zip(fetch.entities, found, strict=True):
            for number, gathered in enumerate(own):
                known[numbered(entity.variable, number)] = Raw(gathered.encode())
                for argument, value in zip(entity.context, gathered.context, strict=False):
                    known[numbered(argument.variable, number)] = Raw(value)
        return encode_request(fetch, multiplied(fetch, tuple(map(len, found))), known)

    return encode


def _report_answered(answer: Answer, fetch: Fetch, wanted: Wanted, execution: Execution) -> None:
    by_alias = {got.alias: (places, _by_number(places, got, execution)) for places, got in wanted}
    for error in answer.errors:
        shown = in_clients_terms(error, fetch.subgraph, execution.context.mask_error)
        match error["path"]:
            case [str(alias), int(number), *rest] if alias in by_alias and number in by_alias[alias][1]:
                places, positions = by_alias[alias]
                inside = rename_position(places.renamers, rest)
                execution.errors.add_at_each(shown, ((*start, *inside) for start in positions[number]))
            case _:
                execution.errors.add_at_each(shown, _all_positions(wanted, execution))


def _by_number(places: EntityPlaces, gathered: Gathered, execution: Execution) -> dict[int, list[Position]]:
    positions = defaultdict(list)
    for position, number in places.positions(gathered, execution.data):
        positions[number].append(position)
    return positions


def _all_positions(wanted: Wanted, execution: Execution) -> Iterable[Position]:
    return dict.fromkeys(
        position for places, gathered in wanted for position, _ in places.positions(gathered, execution.data)
    )
