"""A file of SQLite's in which the state as of one change is replaced by that as of a later one, whole, however the process ends.

What is read must be what was written: each row has a checksum, the file a version. Where anything is not so, all of it is
dropped, for it can be had anew.
"""

import contextlib
import logging
import sqlite3
import threading
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from common.failpoints import failpoint
from subgraphs.tenants.dataplane.config import Configuration, KeyFacts
from subgraphs.tenants.dataplane.kept.news import MOST_KEYS, News

_log = logging.getLogger("hansa.proxy")
FILE = "known.db"
VERSION = 1
_CREATE = f"""
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1), value BLOB NOT NULL, checksum INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS configuration (tenant TEXT PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS key (hash TEXT PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL);
    PRAGMA user_version = {VERSION};
"""
# a tenant keeps its place: a host that two name is the first one's
_PUT_CONFIGURATION = """
    INSERT INTO configuration VALUES (?, ?, ?)
    ON CONFLICT (tenant) DO UPDATE SET value = excluded.value, checksum = excluded.checksum
"""
_PUT_STATE = "INSERT OR REPLACE INTO state VALUES (1, ?, ?)"
_TRIM_KEYS = "DELETE FROM key WHERE rowid <= (SELECT max(rowid) FROM key) - ?"
_encode = msgspec.msgpack.encode
_configuration = msgspec.msgpack.Decoder(Configuration).decode
_state = msgspec.msgpack.Decoder(tuple[int, float]).decode
_facts = msgspec.msgpack.Decoder(KeyFacts).decode


class Kept(Struct, frozen=True):
    """All that was known as of the change number `sequence`, which was vouched for until `heard_at` (seconds since 1970)."""

    sequence: int = 0
    heard_at: float = 0.0
    configurations: tuple[Configuration, ...] = ()
    keys: Mapping[str, KeyFacts] = {}


class _DamagedError(Exception):
    """What is in the file is not what was written."""


class Store:
    """The file in `directory`, which is this process's alone. Its methods block, and are for threads."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None

    def load(self) -> Kept:
        """What was written last; nothing, and a new file at the next writing, where that cannot be read or trusted."""
        with self._lock:
            try:
                return _read(self._database())
            except (OSError, sqlite3.Error, msgspec.MsgspecError, UnicodeDecodeError, _DamagedError) as error:
                _log.warning("What was known before cannot be read from %s: %s", self._path, error)
                self._drop()
                return Kept()

    def write(self, news: News) -> None:
        """What is on the disk becomes what it was with the `news`, whole or not at all. Raises sqlite3.Error, OSError."""
        with self._lock, self._database() as database:
            _write(database, news)
            failpoint("kept.write.before_commit")

    def close(self) -> None:
        with self._lock:
            self._close()

    def _database(self) -> sqlite3.Connection:
        if self._opened is None:
            self._path.touch(mode=0o600)
            self._opened = sqlite3.connect(self._path, check_same_thread=False)
            (version,) = self._opened.execute("PRAGMA user_version").fetchone()
            if version not in {0, VERSION}:
                raise _DamagedError(f"it is of version {version}")
            self._opened.executescript(_CREATE)
        return self._opened

    def _drop(self) -> None:
        self._close()
        with contextlib.suppress(OSError):
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(FILE + suffix).unlink(missing_ok=True)

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _write(database: sqlite3.Connection, news: News) -> None:
    if news.forgets_configurations:
        database.execute("DELETE FROM configuration")
    if news.forgets_keys:
        database.execute("DELETE FROM key")
    gone = [(tenant,) for tenant, value in news.configurations.items() if value is None]
    database.executemany("DELETE FROM configuration WHERE tenant = ?", gone)
    database.executemany(_PUT_CONFIGURATION, _rows(news.configurations))
    failpoint("kept.write.after_configurations")
    gone = [(key_hash,) for key_hash, value in news.keys.items() if value is None]
    database.executemany("DELETE FROM key WHERE hash = ?", gone)
    database.executemany("INSERT OR REPLACE INTO key VALUES (?, ?, ?)", _rows(news.keys))
    database.execute(_TRIM_KEYS, (MOST_KEYS,))
    failpoint("kept.write.after_keys")
    state = _encode((news.sequence, news.heard_at))
    database.execute(_PUT_STATE, (state, _checksum("", state)))


def _rows(values: Mapping[str, Struct | None]) -> Iterator[tuple[str, bytes, int]]:
    for name, value in values.items():
        if value is not None:
            encoded = _encode(value)
            yield name, encoded, _checksum(name, encoded)


def _read(database: sqlite3.Connection) -> Kept:
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise _DamagedError(found)
    state = [value for _, value in _checked(database, "SELECT '', value, checksum FROM state")]
    if not state:
        return Kept()
    configurations = _checked(database, "SELECT * FROM configuration ORDER BY rowid")
    keys = _checked(database, "SELECT * FROM key ORDER BY rowid")
    return Kept(
        *_state(state[0]),
        tuple(_configuration(value) for _, value in configurations),
        {key_hash: _facts(value) for key_hash, value in keys},
    )


def _checked(database: sqlite3.Connection, query: str) -> Iterator[tuple[str, bytes]]:
    for name, value, checksum in database.execute(query):
        if checksum != _checksum(name, value):
            raise _DamagedError(f"the row of {name} has changed")
        yield name, value


def _checksum(name: str, value: bytes) -> int:
    return zlib.crc32(value, zlib.crc32(name.encode()))
