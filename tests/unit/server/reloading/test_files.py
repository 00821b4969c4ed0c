"""When a change of files is told."""

from pathlib import Path

from gateway.server.reloading.files import FileWatch


def test_a_change_is_told_once_the_file_is_left_alone_and_until_it_is_read(tmp_path: Path) -> None:
    file, watch = tmp_path / "router.yaml", FileWatch()
    file.write_text("supergraph: {}")
    watch.note([file])
    assert not watch.has_changed()
    file.write_text("supergraph: {introspection: ")
    assert not watch.has_changed()
    file.write_text("supergraph: {introspection: true}")
    assert not watch.has_changed()
    assert watch.has_changed()
    watch.note([file])
    assert not watch.has_changed()


def test_a_file_that_goes_and_comes_back_as_it_was_is_no_change(tmp_path: Path) -> None:
    file, away, watch = tmp_path / "router.yaml", tmp_path / "away", FileWatch()
    file.write_text("supergraph: {}")
    watch.note([file])
    file.rename(away)
    assert not watch.has_changed()
    away.rename(file)
    assert not watch.has_changed()
    assert not watch.has_changed()


def test_a_file_that_was_not_there_when_it_was_noted_is_a_change_once_it_is(tmp_path: Path) -> None:
    file, watch = tmp_path / "manifest.json", FileWatch()
    watch.note([file])
    assert not watch.has_changed()
    file.write_text("{}")
    assert not watch.has_changed()
    assert watch.has_changed()
