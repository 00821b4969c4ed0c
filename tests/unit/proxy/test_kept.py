"""Guarantee 2: what is on disk is as it was at one change, whole, however the process ended; what is not as it was written is not used."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import failpoints
from subgraphs.tenants.dataplane.config import Configuration, KeyFacts
from subgraphs.tenants.dataplane.kept import Kept, News, Store

ROOT = Path(__file__).parents[3]
KILLED_AT = 7
WRITER = """
import sys
from pathlib import Path
from tests.unit.proxy.test_kept import written_at
from subgraphs.tenants.dataplane.kept import Store
store = Store(Path(sys.argv[1]))
for number in range(1, 100_000):
    store.write(written_at(number))
    print(number, flush=True)
"""


def key(id_: str) -> KeyFacts:
    return KeyFacts(id=id_, tenant="acme", consumer="ada", plan="free", scopes=frozenset({"read"}))


def configuration(tenant: str, version: int) -> Configuration:
    return Configuration(tenant=tenant, version=version, hosts=(f"{tenant}.example.com",))


def written_at(number: int) -> News:
    """The change of that number: one key ends, another is known, and the configuration is of its version."""
    news = News()
    news.sequence, news.heard_at = number, float(number)
    news.forget([str(number - 1)], is_whole=False)
    news.learn({str(number): key(f"k{number}")})
    news.serve(["acme"], {"acme": configuration("acme", number)}, is_whole=False)
    return news


def expected(number: int) -> Kept:
    return Kept(number, float(number), (configuration("acme", number),), {str(number): key(f"k{number}")})


def loaded(directory: Path) -> Kept:
    store = Store(directory)
    try:
        return store.load()
    finally:
        store.close()


def start_writer(directory: Path, failpoint: str = "") -> "subprocess.Popen[bytes]":
    directory.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FAILPOINT": failpoint}
    command = [sys.executable, "-c", WRITER, str(directory)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)


def test_a_kill_at_any_failpoint_leaves_the_change_before(tmp_path: Path) -> None:
    names = sorted(failpoints.names("subgraphs.tenants.dataplane.kept"))
    assert len(names) == 3
    writers = {name: start_writer(tmp_path / name, f"{name}:kill@{KILLED_AT}") for name in names}
    for name, writer in writers.items():
        told, _ = writer.communicate(timeout=60)
        assert writer.returncode == -signal.SIGKILL
        assert told.split() == [b"%d" % number for number in range(1, KILLED_AT)]
        assert loaded(tmp_path / name) == expected(KILLED_AT - 1)


def test_a_kill_at_any_time_leaves_one_change_and_loses_none_that_was_written(tmp_path: Path) -> None:
    directory, last = tmp_path / "known", 0
    with start_writer(directory) as writer:
        assert writer.stdout
        for _ in range(200):
            last = int(writer.stdout.readline())
        writer.kill()
        last = int((writer.stdout.read().split() or [b"%d" % last])[-1])
    kept = loaded(directory)
    assert kept.sequence in {last, last + 1}
    assert kept == expected(kept.sequence)


TENANTS, HASHES = st.sampled_from("abc"), st.sampled_from("123")
CHANGES = st.lists(
    st.tuples(
        st.booleans(),  # is it whole
        st.dictionaries(TENANTS, st.none() | st.integers(1, 99)),
        st.sets(HASHES),  # keys that have changed
        st.sets(HASHES),  # and those that were looked up since
        st.booleans(),  # can it be written
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(changes=CHANGES)
def test_what_could_not_be_written_is_written_with_what_follows(
    changes: list[tuple[bool, dict[str, int | None], set[str], set[str], bool]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    store, news = Store(tmp_path_factory.mktemp("known")), News()
    served: dict[str, Configuration] = {}
    known: dict[str, KeyFacts] = {}
    written = Kept()
    for number, (is_whole, versions, changed, learned, can_be_written) in enumerate(changes, 1):
        new = {tenant: configuration(tenant, version) for tenant, version in versions.items() if version}
        gone = {tenant for tenant, version in versions.items() if not version}
        served = new if is_whole else {k: v for k, v in (served | new).items() if k not in gone}
        known = {} if is_whole else {k: v for k, v in known.items() if k not in changed}
        found = {each: key(f"{each}-{number}") for each in learned}
        known |= found
        news.sequence, news.heard_at = number, float(number)
        news.forget(changed, is_whole=is_whole)
        news.serve(versions, served, is_whole=is_whole)
        news.learn(found)
        if can_be_written:
            store.write(news)
            news = News()
            written = Kept(number, float(number), tuple(served.values()), dict(known))
        assert _sorted(store.load()) == _sorted(written)
    store.close()


def _sorted(kept: Kept) -> tuple[Any, ...]:
    return kept.sequence, kept.heard_at, sorted(kept.configurations, key=lambda each: each.tenant), kept.keys


def _flip(directory: Path) -> None:
    with sqlite3.connect(directory / "known.db") as database:
        database.execute("UPDATE key SET value = substr(value, 1, 3) || X'00' || substr(value, 5)")
    database.close()


def _rename(directory: Path) -> None:
    with sqlite3.connect(directory / "known.db") as database:
        database.execute("UPDATE key SET hash = 'another'")
    database.close()


def _renumber(directory: Path) -> None:
    with sqlite3.connect(directory / "known.db") as database:
        database.execute("UPDATE state SET value = X'9202cb3ff0000000000000'")
    database.close()


def _age(directory: Path) -> None:
    database = sqlite3.connect(directory / "known.db")
    database.execute("PRAGMA user_version = 99")
    database.close()


def _cut(directory: Path) -> None:
    os.truncate(directory / "known.db", 5000)


@pytest.mark.parametrize(
    "damage", [_flip, _rename, _renumber, _age, _cut], ids=lambda each: each.__name__[1:]
)
def test_what_is_not_as_it_was_written_is_dropped_and_can_be_written_anew(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    store = Store(tmp_path)
    store.write(written_at(1))
    store.close()
    damage(tmp_path)
    store = Store(tmp_path)
    assert store.load() == Kept()
    store.write(written_at(2))
    store.close()
    assert loaded(tmp_path) == expected(2)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(written_at(1))
    modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
    store.close()
    assert set(modes.values()) == {0o600}


def test_a_disk_that_was_not_written_for_long_keeps_no_more_than_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("subgraphs.tenants.dataplane.kept.news.MOST_KEYS", 10)
    news = News()
    for number in range(100):
        news.forget([str(number)], is_whole=False)
    assert news.forgets_keys
    assert len(news.keys) <= 10
