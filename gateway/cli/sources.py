"""The files that commands are given."""

from pathlib import Path

from gateway.cli.failure import CommandError
from gateway.server.reloading import sources
from gateway.server.reloading.sources import SourceError, parse_supergraph
from gateway.supergraph import Supergraph


def read_file(file: Path) -> str:
    """What `file` holds. Raises CommandError."""
    try:
        return sources.read_file(file)
    except SourceError as error:
        raise CommandError(str(error)) from None


def read_supergraph(file: Path) -> Supergraph:
    """The supergraph that `file` holds. Raises CommandError with the reason and its place."""
    try:
        return parse_supergraph(read_file(file), str(file))
    except SourceError as error:
        raise CommandError(str(error)) from None
