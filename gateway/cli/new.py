"""`hansa new`: the room of a new subgraph."""

from pathlib import Path

from gateway.cli.failure import CommandError
from gateway.platform.errors import PlatformError
from gateway.platform.room import make_room


def new(name: str, /, *, entity: str | None = None) -> None:
    """Make the room of a new subgraph in the repository of the current folder.

    It composes with the others and its tests pass; from there it is yours.

    Parameters
    ----------
    name
        The subgraph's name, in the plural: ships.
    entity
        The type that it owns; without it the name's singular: Ship.
    """
    try:
        files = make_room(Path.cwd(), name, entity or name.removesuffix("s").capitalize())
    except PlatformError as error:
        raise CommandError(str(error)) from None
    for file in files:
        print(file.relative_to(Path.cwd()))
    print(
        f"\nNow: make setup, so that it is found; then pytest tests/unit/{name} tests/integration/{name} and make run"
    )
