"""The configurations that were served last, on disk: to start by when the control plane does not answer."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from subgraphs.tenants.dataplane.config import Configuration


class Kept(Struct, frozen=True):
    """All tenants' as of the change number `sequence`."""

    sequence: int = 0
    configurations: Sequence[Configuration] = ()


_FILE = "configurations.json"


def load(directory: Path) -> Kept:
    """What is kept in `directory`; nothing where it cannot be read, since it can be had anew."""
    try:
        return msgspec.json.decode((directory / _FILE).read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Kept()


def keep(directory: Path, kept: Kept) -> None:
    """Replaces what is kept, whole. Raises OSError."""
    part = directory / f"{_FILE}.part"
    with part.open("wb") as file:
        file.write(msgspec.json.encode(kept))
        file.flush()
        os.fsync(file.fileno())
    part.replace(directory / _FILE)
