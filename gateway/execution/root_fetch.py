"""Fetches of a root type's fields: the operation's own, or those of a root type that a field leads to."""

from gateway.execution.answer import Answer
from gateway.execution.context import Execution
from gateway.execution.errors import FetchError, FormattedError, Position, in_clients_terms
from gateway.execution.merge import copy, merge
from gateway.execution.paths import Object, compile_collector, compile_locator
from gateway.execution.renames import compile_rename, rename_position
from gateway.execution.request import ask, compile_body
from gateway.execution.root_keys import root_keys
from gateway.execution.runner import Runner
from gateway.planning.plan import Fetch


def compile_root_fetch(fetch: Fetch) -> Runner[Execution]:
    """Runs the fetch if there is an object at its path; its failure is reported at each of its fields."""
    encode_body = compile_body(fetch)
    answers = RootAnswers(fetch)

    async def run(execution: Execution) -> None:
        objects = answers.objects(execution)
        if not objects:
            return
        try:
            answer = await ask(fetch, encode_body(execution.variables, ()), execution)
        except FetchError as error:
            answers.fail(error, execution)
        else:
            answers.take(answer, objects, execution)

    return run


class RootAnswers:
    """What an answer to the fetch, or its failure, means for an execution."""

    def __init__(self, fetch: Fetch) -> None:
        self._renames = [compile_rename(renamer) for renamer in fetch.renames]
        self._collect = compile_collector(fetch.path)
        self._failures = _Failures(fetch)

    def objects(self, execution: Execution) -> list[Object]:
        """Those that the answer is about."""
        return self._collect(execution.data)

    def take(self, answer: Answer, objects: list[Object], execution: Execution) -> None:
        if answer.data is not None:
            for rename in self._renames:
                rename(answer.data)
            _fill(objects, answer.data)
        for answered in answer.errors:
            self._failures.report_answered(answered, execution)

    def fail(self, error: FetchError, execution: Execution) -> None:
        self._failures.report_fetch(error, execution)


def _fill(objects: list[Object], data: Object) -> None:
    """Objects after the first get a copy of their own: what is fetched for one later is not another's."""
    first, *others = objects
    for other in others:
        merge(other, copy(data))
    merge(first, data)


class _Failures:
    """Where in the client's response a fetch's errors belong."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._locate = compile_locator(fetch.path)

    def report_fetch(self, error: FetchError, execution: Execution) -> None:
        shown = error.formatted(self._fetch.subgraph)
        execution.errors.add_at_each(shown, self._fields(execution))

    def report_answered(self, error: FormattedError, execution: Execution) -> None:
        shown = in_clients_terms(error, self._fetch.subgraph, execution.context.mask_error)
        if error["path"]:
            inside = rename_position(self._fetch.renames, error["path"])
            positions = [(*start, *inside) for start in self._starts(execution)]
            execution.errors.add_at_each(shown, positions)
            return
        fields, starts = self._fields(execution), self._starts(execution)
        execution.errors.add_at_each(shown, fields if len(fields) == len(starts) else starts)
        for position in fields:
            execution.errors.explain(position)

    def _starts(self, execution: Execution) -> list[Position]:
        return [position for position, _ in self._locate(execution.data)]

    def _fields(self, execution: Execution) -> list[Position]:
        renames = self._fetch.renames
        keys = root_keys(self._fetch.document, execution.variables)
        inside = [rename_position(renames, (key,)) for key in keys]
        return [(*start, *position) for start in self._starts(execution) for position in inside]
