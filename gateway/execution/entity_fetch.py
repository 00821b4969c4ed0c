"""Fetches of entities: representations out of the data, the answers back into it."""

from collections import defaultdict
from collections.abc import Iterable

from gateway.execution.answer import Answer
from gateway.execution.context import Execution
from gateway.execution.entities import EntityPlaces, Gathered
from gateway.execution.errors import FetchError, Position, in_clients_terms
from gateway.execution.renames import rename_position
from gateway.execution.request import ask, compile_body
from gateway.execution.runner import Runner
from gateway.planning.plan import Fetch

Wanted = list[tuple[EntityPlaces, Gathered]]


def compile_entity_fetch(fetch: Fetch, interfaces: frozenset[str]) -> Runner[Execution]:
    """Runs the fetch unless no object wants an entity. Its failure is reported at each of these objects."""
    encode_body = compile_body(fetch)
    all_places = [EntityPlaces(entity, interfaces) for entity in fetch.entities]

    async def run(execution: Execution) -> None:
        wanted = [(places, places.gather(execution.data)) for places in all_places]
        if not any(gathered.representations for _, gathered in wanted):
            return
        body = encode_body(execution.variables, [gathered.encode() for _, gathered in wanted])
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


def _report_answered(answer: Answer, fetch: Fetch, wanted: Wanted, execution: Execution) -> None:
    by_alias = {places.alias: (places, _by_number(places, got, execution)) for places, got in wanted}
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
