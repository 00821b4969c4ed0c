"""A plan as typed code for one operation and one set of its conditions: what runs when all goes as it should."""

from collections.abc import Mapping

from graphql import GraphQLSchema
from msgspec import defstruct

from gateway.execution.completion.collect_fields import FieldCollector
from gateway.execution.completion.shapes import root_type
from gateway.execution.context import Execution
from gateway.execution.nodes import compile_node, fetches_of
from gateway.execution.runner import Runner
from gateway.execution.typed.fetching import Run, compile_entity_fetch, compile_root_fetch
from gateway.execution.typed.keeping import Keeper, keepers
from gateway.execution.typed.placing import Place, Placing
from gateway.execution.typed.shape import Objects, ShapeBuilder, Unfit, Variant
from gateway.execution.typed.source import encode
from gateway.execution.typed.structs import Structs
from gateway.planning.plan import Defer, Fetch, QueryPlan, Subscription

MAX_PAUSE = 1023
"""How many runs a program sits out at most, after so many in a row turned out unfit."""


class Program:
    """Runs a plan on typed answers.

    It holds nothing of any request but how the last ones went: each that turns out unfit doubles the number of those
    that are not tried, so that answers which never fit cost little.
    """

    def __init__(self, runner: Runner[Run], root: Variant, structs: Structs, kept: list[Keeper]) -> None:
        self._run = runner
        self._kept = kept
        self._answer = structs.answer(root)
        self._response = defstruct("Response", [("data", self._answer)], gc=False)
        self._members = [
            (member.attribute, member.provider[0])
            for member in root.members.values()
            if member.visible and member.provider is not None
        ]
        self._pause = 0
        self._waiting = 0

    async def run(self, execution: Execution) -> bytes | None:
        """The encoded response; None where an answer does not fit: what was sent is then in the execution's record."""
        if self._waiting:
            self._waiting -= 1
            return None
        run = Run(execution, len(self._kept))
        await self._run(run)
        if run.is_unfit:
            self._waiting = self._pause
            self._pause = min(2 * self._pause + 1, MAX_PAUSE)
            return None
        self._pause = 0
        return self._finish(run)

    def _finish(self, run: Run) -> bytes:
        for keeper, kept in zip(reversed(self._kept), reversed(run.kept), strict=True):
            if kept.found:
                keeper.finish(kept)
        values = {name: getattr(run.roots[number], name) for name, number in self._members}
        return encode(self._response(self._answer(**values)))


def compile_program(plan: QueryPlan, schema: GraphQLSchema, conditions: Mapping[str, bool]) -> Program | None:
    """None for an operation that typed execution does not cover."""
    try:
        return _compile(plan, schema, conditions)
    except Unfit:
        return None


def _compile(plan: QueryPlan, schema: GraphQLSchema, conditions: Mapping[str, bool]) -> Program:
    if plan.node is None or isinstance(plan.node, Subscription | Defer):
        raise Unfit("nothing to fetch, or an answer in parts")
    fields = FieldCollector(schema, plan.fragments, conditions)
    root = ShapeBuilder(fields).build(root_type(schema, plan.operation), plan.operation.selection_set)
    placing = Placing(root, schema, conditions)
    places = {fetch.id: placing.place(fetch) for fetch in fetches_of(plan.node, conditions)}
    if not _prune(root):
        raise Unfit("a member that no fetch fills")
    structs = Structs()
    kept = keepers(root, structs)

    def compile_fetch(fetch: Fetch) -> Runner[Run]:
        if fetch.id not in places:
            return _not_taken
        if not fetch.entities:
            return compile_root_fetch(fetch, root, structs, kept)
        known = [[place for place in each if _is_known(place)] for each in places[fetch.id]]
        return compile_entity_fetch(fetch, known, structs, kept)

    return Program(compile_node(plan.node, compile_fetch), root, structs, kept)


async def _not_taken(_run: Run) -> None:
    """Stands for a fetch of a branch that these conditions do not take."""


def _is_known(place: Place) -> bool:
    return place.variant.type_name in place.objects.variants


def _prune(variant: Variant) -> bool:
    """Whether fetches fill all that the client sees of such objects; leaves out types of which they don't.

    An object of a type that is left out, which a subgraph answers all the same, is unfit.
    """
    for member in variant.members.values():
        if member.constant is not None:
            continue
        if member.provider is None or not (member.objects is None or _prune_objects(member.objects)):
            return False
    return True


def _prune_objects(objects: Objects) -> bool:
    objects.variants = {name: found for name, found in objects.variants.items() if _prune(found)}
    return bool(objects.variants)
