"""What a supervisor tells each of its workers, through the environment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

VARIABLE = "HANSA_WORKER"


class Place(Struct, frozen=True):
    """The worker `number` of `count`. `folder` has a Unix socket of each; `listeners` are open files by their addresses.

    The router's own listener has no address.
    """

    number: int
    count: int
    folder: str
    listeners: dict[str, int]

    @classmethod
    def told_by(cls, environment: Mapping[str, str]) -> Self | None:
        """The place of this process; None where it is nobody's worker."""
        told = environment.get(VARIABLE)
        return msgspec.json.decode(told, type=cls) if told else None

    def environment(self) -> dict[str, str]:
        """What tells it."""
        return {VARIABLE: msgspec.json.encode(self).decode()}

    def socket(self, number: int) -> Path:
        """Where the worker `number` tells of its own health and metrics."""
        return Path(self.folder) / f"{number}.sock"
