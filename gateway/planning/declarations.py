"""The types on which a field is selected in a request: an abstract one, where that says the same for all objects."""

from typing import NamedTuple

from gateway.planning.fetch_graph import ContextValues
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

    def together(self, arrived: list[Arrival]) -> list[Arrival]:
        """What arrived at several types as one, on an interface that says the same for all of them."""
        if len(arrived) < 2 or len({found.at.fetch for found in arrived}) > 1 or arrived[0].context:
            return arrived
        at, task, option, _ = arrived[0]
        views = {view: types for found in arrived for view, types in found.task.views.items()}
        types = frozenset(views)
        for interface in sorted(self._graph.interfaces(next(iter(views)))):
            known = self._graph.possible_types_in(at.place.subgraph or "", interface)
            place = Place(at.place.subgraph, interface, types)
            together = Task(task.selection, views, (option,))
            if (
                types <= known
                and known & at.all_types <= types
                and self._is_uniform(at._replace(place=place), together, interface)
            ):
                return [Arrival(at._replace(place=place), together, option)]
        return arrived

    def _is_uniform(self, at: Target, task: Task, abstract: str) -> bool:
        if task.selection.name == "__typename":
            return True
        field = self._places.field(at.place, abstract, task.selection.name)
        if field is None:
            return False
        subgraph = at.place.subgraph or ""
        own = [self._graph.field(subgraph, view, task.selection.name) for view in task.views]
        return all(
            found is not None
            and (found.provides, found.context_arguments) == (field.provides, field.context_arguments)
            for found in own
        )
