"""The files that commands are given."""

from pathlib import Path

from gateway.cli.failure import CommandError
from gateway.supergraph import Supergraph, SupergraphError


def read_file(file: Path) -> str:
    """What `file` holds. Raises CommandError."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} cannot be read: it is not UTF-8") from None


def read_supergraph(file: Path) -> Supergraph:
    """The supergraph that `file` holds. Raises CommandError with the reason and its place."""
    text = read_file(file)
    try:
        return Supergraph.from_sdl(text)
    except SupergraphError as error:
        place = "".join(f":{location.line}:{location.column}" for location in error.locations[:1])
        raise CommandError(f"{file}{place}: {error.code}: {error.message}") from None
