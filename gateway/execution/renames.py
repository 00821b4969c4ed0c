"""Response keys that one request had to alias get the client's name back."""

from collections.abc import Callable, Sequence

from gateway.execution.errors import Position
from gateway.execution.paths import Object, compile_collector, matches
from gateway.planning.plan import Key, KeyRenamer

Rename = Callable[[Object], None]


def compile_rename(renamer: KeyRenamer) -> Rename:
    """Renames the member at the end of the path in every object that has it."""
    *parents, last = renamer.path
    assert isinstance(last, Key), "a rename ends at a member"
    collect = compile_collector(tuple(parents))
    alias, name = last.name, renamer.rename_to

    def rename(fetched: Object) -> None:
        for parent in collect(fetched):
            if alias in parent:
                parent[name] = parent.pop(alias)

    return rename


def rename_position(renames: Sequence[KeyRenamer], keys: Sequence[str | int]) -> Position:
    """The position in the client's terms of one that a subgraph has named, from the fetched object."""
    position = list(keys)
    for renamer in renames:
        length = matches(renamer.path, position)
        if length is not None:
            position[length - 1] = renamer.rename_to
    return tuple(position)
