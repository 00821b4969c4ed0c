"""The servers' folder is one program's at a time, and its sockets have short, closed places."""

import os
import stat
from pathlib import Path

import pytest

from common.embedded.account import Account, EmbeddedError
from common.embedded.folder import SOCKET_PATH_LIMIT, ServerFolder

OURSELVES = Account(os.geteuid(), os.getegid())


def test_a_socket_has_a_short_path_in_a_folder_that_is_closed_to_others(tmp_path: Path) -> None:
    folder = ServerFolder(tmp_path / ("deep/" * 50), OURSELVES)
    folder.directory.mkdir(parents=True)
    path = folder.sockets("postgresql")
    assert len(os.fsencode(path / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    folder.unlock()
    assert not path.exists()


def test_a_long_temporary_folder_is_not_used_for_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    monkeypatch.setattr("tempfile.tempdir", str(long))
    folder = ServerFolder(tmp_path, OURSELVES)
    assert folder.sockets("valkey").parent == Path("/tmp")
    folder.unlock()


def test_two_directories_have_two_places(tmp_path: Path) -> None:
    folders = [ServerFolder(tmp_path / name, OURSELVES) for name in "ab"]
    assert len({folder.sockets("valkey") for folder in folders}) == 2
    for folder in folders:
        folder.unlock()


def test_stale_sockets_are_cleared(tmp_path: Path) -> None:
    folder = ServerFolder(tmp_path, OURSELVES)
    (folder.sockets("valkey") / "valkey.sock").touch()
    assert not list(folder.sockets("valkey").iterdir())
    folder.unlock()


def test_a_place_that_is_a_link_is_refused(tmp_path: Path) -> None:
    folder = ServerFolder(tmp_path, OURSELVES)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "valkey").symlink_to("elsewhere")
    with pytest.raises(EmbeddedError, match="belongs to another account"):
        folder.data("valkey")


def test_the_lock_is_free_again_after_it_was_given_back(tmp_path: Path) -> None:
    first, second = ServerFolder(tmp_path, OURSELVES), ServerFolder(tmp_path, OURSELVES)
    first.lock()
    with pytest.raises(EmbeddedError, match="in use by the process"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


def test_a_directory_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match="file/data cannot be used"):
        ServerFolder(tmp_path / "file" / "data", OURSELVES).lock()
