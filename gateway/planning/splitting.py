"""Splits what is selected into tasks: one where all objects of a place have the same ways open to them, several where not."""

from gateway.planning.likeness import Views
from gateway.planning.places import Places
from gateway.planning.reach import Option, Reachability
from gateway.planning.selection import Selection
from gateway.planning.tasks import Target, Task, signature


class Splitter:
    """Makes tasks of selections, and of what an option leaves open of one."""

    def __init__(self, places: Places, reachability: Reachability) -> None:
        self._places = places
        self._reachability = reachability

    def tasks(self, at: Target, selection: Selection) -> list[Task]:
        """The selection, split where the subgraph at hand has different options for different types."""
        views = self._reachability.views(at.place, selection.types & at.place.types)
        if len(views) > 1 and self._reachability.is_answered(at.place, selection):
            options = self.options(at, *next(iter(views.items())), selection)
            return [Task(selection, views, options, alike=True)]
        groups: dict[tuple[object, ...], Task] = {}
        for alike in self._reachability.alike(at.place, selection):
            options = self.options(at, *next(iter(alike.items())), selection)
            key = tuple(map(signature, options))
            known = groups.get(key)
            groups[key] = (
                Task(selection, alike, options, alike=len(alike) > 1)
                if known is None
                else known._replace(views=_joined(views, known.views, alike), alike=False)
            )
        return list(groups.values())

    def options(
        self, at: Target, view: str, types: frozenset[str], selection: Selection
    ) -> tuple[Option, ...]:
        return self._reachability.options(self._places.narrowed(at.place, types), view, selection)

    def rest(self, at: Target, task: Task, option: Option) -> list[Task]:
        """What of a task `option` leaves open."""
        open_leaves = task.selection.leaves & ~option.reach.leaves
        if not open_leaves:
            return []
        rest = task.selection.restricted(open_leaves)
        tasks = self.tasks(at._replace(place=self._places.narrowed(at.place, task.types)), rest)
        return [
            found._replace(options=tuple(o for o in found.options if o.move is not None)) for found in tasks
        ]


def _joined(views: Views, first: Views, second: Views) -> Views:
    """Both of `views`, in their order."""
    return {view: types for view, types in views.items() if view in first or view in second}
