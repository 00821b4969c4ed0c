"""Builds the fetch graph of one operation by one list of choices.

Selections are resolved object by object: what the subgraph at hand answers is added to its fetch, the rest
is moved to other subgraphs by fetches that start from the same object. Where several ways stand open,
`Choices` decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from gateway.planning.choosing import Choices, Chooser
from gateway.planning.contexts import ContextRead, Contexts
from gateway.planning.declarations import Arrival, Declarations
from gateway.planning.deferrals import Deferrals
from gateway.planning.entity_fetches import EntityFetches
from gateway.planning.errors import OperationError
from gateway.planning.fetch_graph import ContextValues, FetchGraph, FetchNode, SelectedObject
from gateway.planning.normalization import FIELDS_LIMIT, Normalized
from gateway.planning.places import Place, Places
from gateway.planning.reach import Option, Reachability
from gateway.planning.response_keys import ResponseKeys
from gateway.planning.selection import Conditions, Selection
from gateway.planning.splitting import Splitter
from gateway.planning.tasks import Above, Target, Task, path_below, target_of

Entered: TypeAlias = dict[tuple[str, tuple[str, ...]], tuple[dict[str, Target], list[Target]]]
"""Objects of types that are alike after a move, by the subgraph and the types."""


class Builder:
    """Builds one fetch graph; used once. Raises OperationError where it would be too large."""

    def __init__(self, places: Places, reachability: Reachability, choices: Choices) -> None:
        self._places = places
        self._graph = places.graph
        self._reachability = reachability
        self._splitter = Splitter(places, reachability)
        self._chooser = Chooser(reachability, choices)
        self._contexts = Contexts(places, reachability)
        self._declarations = Declarations(places)
        self._deferrals = Deferrals()
        self.fetches = FetchGraph()
        self._entity_fetches = EntityFetches(self._graph, self.fetches)
        self._fields = 0.0

    def build(self, root_type: str, root_fields: Normalized, only: str | None = None) -> FetchGraph:
        """The fetches for fields of a root type, which are asked `only` of one subgraph if given."""
        types = frozenset((root_type,))
        keys = ResponseKeys((*root_fields.selections, *root_fields.deferred))
        root = Target(Place(None, root_type, types), None, SelectedObject(root_type), (), keys, types)
        if only is None:
            self._resolve(root, root_fields.selections, added=False)
        else:
            self._resolve_in(root, root_fields.selections, only)
        self._deferrals.add(root, root_fields.deferred)
        for targets, selection in self._deferrals:
            self._resolve_deferred(targets, selection)
        return self.fetches

    def _resolve_deferred(self, targets: Sequence[Target], selection: Selection) -> None:
        """Resolves what a deferred part selects by entering the objects anew, or at once where that is no way.

        A field of a key, which is read to enter them, is not asked for again.
        """
        for at in targets:
            if self._reachability.is_at_hand(at.place, at.all_types, selection):
                self._resolve(at, [selection], added=False)
                return
        at = self._best([target.entered_anew() for target in targets], selection)
        for task in self._splitter.tasks(at, selection):
            if task.is_reached():
                self._entity_fetches.part = selection.part
                self._move(at, [task], added=False)
            else:
                at_once = selection.with_all_deferred() if selection.selections else selection
                here = self._best(targets, at_once)
                self._entity_fetches.part = here.fetch.part if here.fetch else None
                self._resolve(
                    here._replace(place=self._places.narrowed(here.place, task.types)), [at_once], added=False
                )

    def _best(self, targets: Sequence[Target], selection: Selection) -> Target:
        """The objects in that of their fetches from which most of `selection` is reached."""
        return max(
            targets,
            key=lambda at: self._reachability.selection(at.place, selection).leaves.bit_count(),
        )

    def _resolve_in(self, root: Target, selections: Iterable[Selection], subgraph: str) -> None:
        for selection in selections:
            for task in self._splitter.tasks(root, selection):
                options = (
                    option for option in task.options if option.move and option.move.subgraph == subgraph
                )
                option = next(options)
                self._follow(root, task, option, added=False)
                if missing := task.selection.leaves & ~option.reach.leaves:
                    self.fetches.unreached.append(task.selection.restricted(missing))

    def _resolve(self, at: Target, selections: Iterable[Selection], *, added: bool) -> set[FetchNode]:
        """Resolves `selections` for the objects `at`; gives the fetches that answer any of them.

        `added` marks selections of the planner's own, which get response keys that clash with nothing.
        """
        touched: set[FetchNode] = set()
        moving: list[Task] = []
        for selection in selections:
            tasks = self._splitter.tasks(at, selection)
            for task in [found.shortest() for found in tasks] if added else tasks:
                local = self._chooser.local(at, task)
                if local is None:
                    moving.append(task)
                    continue
                touched |= self._select(at, task, local, added=added)
                moving += self._splitter.rest(at, task, local)
        return touched | self._move(at, moving, added=added)

    def _move(self, at: Target, moving: list[Task], *, added: bool) -> set[FetchNode]:
        """Resolves tasks by moves to other fetches."""
        touched: set[FetchNode] = set()
        entered: Entered = {}
        moving.sort(key=lambda task: len(task.options))
        used: set[tuple[str, str]] = set()
        while moving:
            task = moving.pop(0)
            option = self._chooser.move(at, task, used)
            if option is not None and option.move is not None:
                used.add((option.move.subgraph, option.move.view))
                if task.alike:
                    touched |= self._follow_alike(at, task, option, entered, added=added)
                else:
                    touched |= self._follow(at, task, option, added=added)
                moving += self._splitter.rest(at, task, option)
            else:
                self.fetches.unreached.append(task.selection)
        return touched

    def _follow(self, at: Target, task: Task, option: Option, *, added: bool) -> set[FetchNode]:
        """Resolves a task after the move of `option`."""
        touched: set[FetchNode] = set()
        arrived: list[Arrival] = []
        target = target_of(option)
        for view, types in task.views.items():
            options = self._splitter.options(at, view, types, task.selection)
            own = next(found for found in options if target_of(found) == target)._replace(reach=option.reach)
            move = own.move
            assert move is not None
            selection = task.selection.restricted(own.reach.leaves)
            for part, reads in self._parts(at, own, selection):
                if part.path == at.path and self._stays(at, own, view, reads):
                    self._read(reads, selection.conditions)
                    moved = at._replace(place=self._places.narrowed(at.place, types))
                else:
                    moved = self._enter(part, own, view, types, selection, reads=reads)
                if moved.fetch is not None:
                    moved.fetch.take(read.value for read in reads)
                if own.field is None:
                    touched |= self._resolve(moved, [selection], added=added)
                else:
                    moved_task = Task(selection, {move.view: moved.place.types}, (own,))
                    arrived.append(Arrival(moved, moved_task, own, _context_values(reads)))
        for moved, moved_task, own, context in self._declarations.together(arrived):
            touched |= self._select(moved, moved_task, own, added=added, context=context)
        return touched

    def _follow_alike(
        self, at: Target, task: Task, option: Option, entered: "Entered", *, added: bool
    ) -> set[FetchNode]:
        """The same for objects of types that are alike, which other fields have `entered` already, or will."""
        assert option.move is not None
        key = (option.move.subgraph, tuple(task.views))
        if key not in entered:
            entered[key] = self._enter_alike(at, task, option)
        moved, interfaces = entered[key]
        selection = task.selection.restricted(option.reach.leaves)
        together = Task(selection, task.views, (option,), alike=True)
        arrived = next(self._declarations.on_interfaces(interfaces, together, option), None) or [
            Arrival(each, Task(selection, {view: each.place.types}, (option,)), option)
            for view, each in moved.items()
        ]
        touched: set[FetchNode] = set()
        for at_once, moved_task, own, _ in arrived:
            touched |= self._select(at_once, moved_task, own, added=added)
        return touched

    def _enter_alike(self, at: Target, task: Task, option: Option) -> tuple[dict[str, Target], list[Target]]:
        """The objects after the option's move by their types, and all of them at once where an interface allows it."""
        moved = {}
        for view, types in task.views.items():
            own = self._reachability.alike_option(
                self._places.narrowed(at.place, types), view, option, task.selection
            )
            moved[view] = self._enter(at, own, view, types, task.selection, reads=())
        first, *others = moved.values()
        is_one = all(each.fetch is first.fetch for each in others)
        return moved, self._declarations.interfaces(first, task.views) if is_one else []

    def _parts(
        self, at: Target, option: Option, selection: Selection
    ) -> Iterator[tuple[Target, list[ContextRead]]]:
        """The objects `at` by where the option's field gets arguments from contexts (@fromContext)."""
        arguments = option.field.context_arguments if option.field else ()
        if not arguments:
            yield at, []
            return
        for part, reads in self._contexts.parts(at, arguments):
            if reads:
                yield part, reads
            else:
                self.fetches.unreached.append(selection)

    def _stays(self, at: Target, option: Option, view: str, reads: Sequence[ContextRead]) -> bool:
        """Whether the fetch at hand can take what is read, instead of another one that the option moves to."""
        fetch, move = at.fetch, option.move
        if not reads or option.requires or fetch is None or not fetch.is_entity or move is None:
            return False
        if at.place.again:
            return False
        is_same = (fetch.subgraph, view) == (move.subgraph, move.view)
        return is_same and self._contexts.are_known_before(fetch, reads)

    def _enter(
        self,
        at: Target,
        option: Option,
        view: str,
        types: frozenset[str],
        selection: Selection,
        *,
        reads: Sequence[ContextRead],
    ) -> Target:
        """The root of the fetch that the option's move makes, with what it needs resolved before."""
        move = option.move
        assert move is not None
        conditions = selection.conditions if option.requires or move.depth > 1 or reads else ()
        key = [found.under(conditions) for found in move.key] if move.depth > 1 else move.key
        here = at._replace(place=self._places.narrowed(at.place.at_hand, types))
        before = self._resolve(
            here, (*key, *(found.under(conditions) for found in option.requires)), added=True
        )
        before |= self._read(reads, conditions)
        if at.fetch is not None:
            before.add(at.fetch)
        fetch = self._entity_fetches.fetch(move, at.path, before, conditions)
        fetch.tells_types |= move.real_types
        if fetch.is_entity:
            at.selected.typename = True
            objects = types if self._graph.types[view].kind == "OBJECT" else here.place.types
            needed = (*move.key, *option.requires)
            self._entity_fetches.represent(fetch, move, keys=at.keys, needed=needed, view=view, types=objects)
        return at._replace(
            place=move.place(self._graph, types), fetch=fetch, selected=fetch.selected, before=here
        )

    def _read(self, reads: Iterable[ContextRead], conditions: Conditions) -> set[FetchNode]:
        """Resolves what is read of contexts; gives the fetches that answer it."""
        touched: set[FetchNode] = set()
        for read in reads:
            selections = [found.under(conditions) for found in read.selections]
            touched |= self._resolve(read.at, selections, added=True)
            if read.at.before is None and not self._graph.root_kind(read.at.place.type_name):
                read.at.selected.typename = True
        return touched

    def _select(
        self, at: Target, task: Task, option: Option, *, added: bool, context: ContextValues = ()
    ) -> set[FetchNode]:
        """Adds the task's field to the fetch at hand and resolves what is selected below it."""
        assert at.fetch is not None
        selection = task.selection
        response_key = at.keys.place(selection) if added else selection.response_key
        if option.field is None and response_key == "__typename" and not selection.conditions:
            at.selected.typename = True
            return {at.fetch}
        touched = {at.fetch}
        for view, types in self._declarations.declarations(at, task):
            known = len(at.selected.fields)
            selected = at.selected.add(selection, response_key, view, context)
            self._count_field(is_new=len(at.selected.fields) > known)
            field = (
                None if option.field is None else self._graph.field(at.fetch.subgraph, view, selection.name)
            )
            if field is None or not self._graph.is_composite(field.type.name):
                continue
            place = self._places.inside(at.place, view, field, selection.name)
            if selected.below is None:
                selected.below = SelectedObject(place.type_name)
                selected.below.typename = self._tells_types(place)
            path = path_below(at, types, response_key, field)
            above = Above(at, types, selection.conditions)
            keys = at.keys.below(response_key)
            below = Target(place, at.fetch, selected.below, path, keys, place.types, above)
            touched |= self._resolve(below, selection.restricted(option.reach.leaves).selections, added=added)
            self._deferrals.add(below, selection.deferred)
        return touched

    def _count_field(self, *, is_new: bool) -> None:
        """One that is selected again, as the keys of many types are, is half the work."""
        self._fields += 1 if is_new else 0.5
        if self._fields > FIELDS_LIMIT:
            raise OperationError.for_complexity(FIELDS_LIMIT)

    def _tells_types(self, place: Place) -> bool:
        return self._graph.is_abstract(place.type_name) and not self._places.is_interface_object(place)


def _context_values(reads: Iterable[ContextRead]) -> ContextValues:
    return tuple((read.argument, read.value) for read in reads)
