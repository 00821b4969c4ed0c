"""The types on which a field is selected in a request: an abstract one, where that says the same for all objects."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gateway.planning.fetch_graph import ContextValues
from gateway.planning.likeness import Views
from gateway.planning.places import Place, Places
from gateway.planning.reach import Option
from gateway.planning.tasks import Target, Task


class Arrival(NamedTuple):
    """The task of a field after a move to objects `at` of another fetch."""

    at: Target
    task: Task
    option: Option
    context: ContextValues = ()


class Declarations:
    """Finds them in the subgraph that is asked."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._graph = places.graph

    def declarations(self, at: Target, task: Task) -> list[tuple[str, frozenset[str]]]:
        """The types to select the task's field on, each with the object types that it stands for."""
        name = at.place.type_name
        types = task.types
        if name not in task.views and types >= at.place.types and self._is_uniform(at, task, name):
            return [(name, types)]
        return list(task.views.items())

    def together(self, arrived: Sequence[Arrival]) -> Sequence[Arrival]:
        """What arrived at several types as one, on an interface that says the same for all of them."""
        if len(arrived) < 2 or len({found.at.fetch for found in arrived}) > 1 or arrived[0].context:
            return arrived
        at, task, option, _ = arrived[0]
        views = {view: types for found in arrived for view, types in found.task.views.items()}
        together = Task(task.selection, views, (option,))
        return next(self.on_interfaces(self.interfaces(at, views), together, option), None) or arrived

    def interfaces(self, at: Target, views: Views) -> list[Target]:
        """The objects of `views`, of which `at` has the first, as those of each interface that has no others there."""
        types = frozenset(views)
        subgraph = at.place.subgraph or ""
        found = []
        for interface in sorted(self._graph.interfaces(next(iter(views)))):
            known = self._graph.possible_types_in(subgraph, interface)
            if types <= known and known & at.all_types <= types:
                found.append(at._replace(place=Place(subgraph, interface, types)))
        return found

    def on_interfaces(
        self, interfaces: Iterable[Target], task: Task, option: Option
    ) -> Iterator[Sequence[Arrival]]:
        """The task for all objects at once, on each of `interfaces` that says the same for all of its views."""
        for at in interfaces:
            if self._is_uniform(at, task, at.place.type_name):
                yield [Arrival(at, task, option)]

    def _is_uniform(self, at: Target, task: Task, abstract: str) -> bool:
        if task.selection.name == "__typename":
            return True
        field = self._places.field(at.place, abstract, task.selection.name)
        if field is None:
            return False
        subgraph = at.place.subgraph or ""
        views = [next(iter(task.views))] if task.alike else task.views
        own = [self._graph.field(subgraph, view, task.selection.name) for view in views]
        return all(
            found is not None
            and (found.provides, found.context_arguments) == (field.provides, field.context_arguments)
            for found in own
        )
