"""Between the ways to answer a selection: which are open, and which one is preferred."""

from collections.abc import Sequence
from typing import Protocol

from gateway.planning.estimates import Reach
from gateway.planning.reach import Option, Reachability
from gateway.planning.tasks import Target, Task


class Choices(Protocol):
    """Decides between options. The same decision is asked for with the same options in the same order."""

    def choose(self, decision: object, options: Sequence[Option], preferred: int) -> Option: ...


class Chooser:
    """Takes the options that are worth a choice to `choices`."""

    def __init__(self, reachability: Reachability, choices: Choices) -> None:
        self._reachability = reachability
        self._choices = choices

    def local(self, at: Target, task: Task) -> Option | None:
        """The option to stay at the place, where that is the choice."""
        local = next((option for option in task.options if option.move is None), None)
        complete = [option for option in task.options if option.reach.leaves == task.selection.leaves]
        if local is None or local not in complete or len(task.options) == 1:
            return local
        options = complete + self._partly(at, task, [local])
        chosen = self._choices.choose(task.decision(at), options, complete.index(local))
        return chosen if chosen.move is None else None

    def move(self, at: Target, task: Task, used: set[tuple[str, str]]) -> Option | None:
        """The option to move, rather to a target that is `used` already; None where nothing is reached."""
        moves = [option for option in task.options if option.move is not None]
        if len(moves) <= 1:
            return moves[0] if moves else None
        most = max((option.reach.leaves.bit_count() for option in moves), default=0)
        best = [option for option in moves if option.reach.leaves.bit_count() == most]

        def rank(option: Option) -> tuple[int, bool, int]:
            assert option.move is not None
            target = (option.move.subgraph, option.move.view)
            return option.reach.depth, target not in used, option.reach.requests

        preferred = min(range(len(best)), key=lambda index: rank(best[index]))
        options = best + self._partly(at, task, best)
        return self._choices.choose((*task.decision(at), "move"), options, preferred)

    def _partly(self, at: Target, task: Task, options: Sequence[Option]) -> list[Option]:
        """The `options` for only what they answer without further moves, where others can answer the rest."""
        found = []
        for option in options:
            leaves = self._reachability.without_moves(at.place, option, task.selection)
            others = [other for other in task.options if other is not option and other.move is not None]
            rest = task.selection.leaves & ~leaves
            if leaves and rest and any(other.reach.leaves & rest for other in others):
                found.append(option._replace(reach=Reach(leaves, 0, 0)))
        return found
