"""A file of counters that is mapped into memory: what is counted survives the process, however it ends.

A counter is changed by a store to memory, which the kernel keeps for the file after SIGKILL as it does a `write`. A
record is a label and its counters; the label is there before its length, by which a reader finds the end.
"""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from common.failpoints import failpoint
from subgraphs.tenants.dataplane.control import Usage

COUNTERS = 5
"""As `Usage` has them: requests, refused, failed, bytes in, bytes out."""
_WORDS = 64
_RECORD = _WORDS * 8
_LABEL_AT = (COUNTERS + 1) * 8
"""After the counters and the length of the label."""
RECORDS = 4_096
SIZE = RECORDS * _RECORD


class Label(Struct, frozen=True, array_like=True, cache_hash=True):
    """Whose usage is counted; see `Usage`."""

    tenant: str
    route: str
    consumer: str = ""
    key: str = ""


class _Record(Struct, array_like=True):
    hour: int
    label: Label


class Cell(NamedTuple):
    """The counters of one record, from `base` on."""

    words: memoryview
    base: int

    def add(self, counter: int, amount: int) -> None:
        self.words[self.base + counter] += amount


class Segment:
    """One file, which is written to. A full one takes no more records."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("xb+") as file:
            os.posix_fallocate(
                file.fileno(), 0, SIZE
            )  # a store to a page that has no room on the disk is a SIGBUS
            self._map = mmap.mmap(file.fileno(), SIZE)
        self._words = memoryview(self._map).cast("q")
        self._cells: dict[tuple[int, Label], Cell] = {}

    def __len__(self) -> int:
        return len(self._cells)

    def cell(self, hour: int, label: Label) -> Cell | None:
        """The counters of `label`; None where there is no room for it."""
        found = self._cells.get((hour, label))
        if found is None and len(self._cells) < RECORDS:
            found = self._cells[hour, label] = self._add(_Record(hour, label))
        return found

    def _add(self, record: _Record) -> Cell:
        position = len(self._cells)
        encoded = msgspec.msgpack.encode(record)
        start = position * _RECORD + _LABEL_AT
        if len(encoded) > _RECORD - _LABEL_AT:
            raise ValueError(f"a label of {len(encoded)} bytes: {record.label}")
        self._map[start : start + len(encoded)] = encoded
        failpoint("usage.add.before_length")
        base = position * _WORDS
        self._words[base + COUNTERS] = len(encoded)
        return Cell(self._words, base)

    def flush(self) -> None:
        """Write it to the disk, so that it survives the machine, too."""
        self._map.flush()


def read(path: Path) -> Iterator[Usage]:
    """What was counted in a segment."""
    data = path.read_bytes()
    words = memoryview(data[: len(data) // 8 * 8]).cast("q")
    for position in range(len(data) // _RECORD):
        base, start = position * _WORDS, position * _RECORD + _LABEL_AT
        length = words[base + COUNTERS]
        if not length:
            return
        record = msgspec.msgpack.decode(data[start : start + length], type=_Record)
        counted = words[base : base + COUNTERS].tolist()
        if any(counted):
            label = record.label
            yield Usage(label.tenant, record.hour, label.route, label.consumer, label.key, *counted)
