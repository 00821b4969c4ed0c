"""Fetches of the operation's own fields, merged at the root."""

from functools import lru_cache

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from gateway.execution.context import Execution
from gateway.execution.errors import FetchError, FormattedError, Position, in_clients_terms
from gateway.execution.merge import merge
from gateway.execution.renames import compile_rename, rename_position
from gateway.execution.request import ask, compile_body
from gateway.execution.runner import Runner
from gateway.planning.plan import Fetch


def compile_root_fetch(fetch: Fetch) -> Runner:
    """Runs the fetch; its failure is reported at each of its root fields."""
    encode_body = compile_body(fetch)
    renames = [compile_rename(renamer) for renamer in fetch.renames]

    async def run(execution: Execution) -> None:
        try:
            answer = await ask(fetch, encode_body(execution.variables, ()), execution.context)
        except FetchError as error:
            for position in _root_positions(fetch):
                execution.errors.add(error.formatted(fetch.subgraph), position)
            return
        if answer.data is not None:
            for rename in renames:
                rename(answer.data)
            merge(execution.data, answer.data)
        for answered in answer.errors:
            _report(answered, fetch, execution)

    return run


def _report(error: FormattedError, fetch: Fetch, execution: Execution) -> None:
    shown = in_clients_terms(error, fetch.subgraph, execution.context.mask_error)
    if error["path"]:
        execution.errors.add(shown, rename_position(fetch.renames, error["path"]))
        return
    positions = _root_positions(fetch)
    execution.errors.add(shown, positions[0] if len(positions) == 1 else ())
    for position in positions:
        execution.errors.explain(position)


def _root_positions(fetch: Fetch) -> list[Position]:
    return [rename_position(fetch.renames, (key,)) for key in _root_keys(fetch.document)]


@lru_cache(maxsize=256)
def _root_keys(document: str) -> tuple[str, ...]:
    """The response keys at the root of an operation; asked for only where something went wrong."""
    definitions = parse(document, no_location=True).definitions
    fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
    operation = next(d for d in definitions if isinstance(d, OperationDefinitionNode))
    keys: dict[str, None] = {}

    def visit(selection_set: SelectionSetNode) -> None:
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                keys[(selection.alias or selection.name).value] = None
            elif isinstance(selection, InlineFragmentNode):
                visit(selection.selection_set)
            else:
                visit(fragments[selection.name.value].selection_set)  # type: ignore[attr-defined]

    visit(operation.selection_set)
    return tuple(keys)
