"""Failpoints do what the environment asks for, at the place and the time it names."""

from pathlib import Path

import pytest

from common import failpoints
from common.failpoints import FailpointError, failpoint, names


def armed(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setattr(failpoints, "_armed", failpoints._parse(setting))


def test_a_failpoint_that_is_not_armed_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    armed(monkeypatch, "")
    failpoint("here")


def test_only_the_named_one_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    armed(monkeypatch, "here:error")
    failpoint("there")
    with pytest.raises(FailpointError, match="here"):
        failpoint("here")


def test_it_acts_once_at_the_time_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    armed(monkeypatch, "here:error@3")
    failpoint("here")
    failpoint("here")
    with pytest.raises(FailpointError):
        failpoint("here")
    failpoint("here")


@pytest.mark.parametrize("setting", ["here", "here:explode", "here:kill@soon", ":"])
def test_what_cannot_be_done_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="expected name:kill"):
        failpoints._parse(setting)


def test_all_names_of_a_package_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_package"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("def f():\n    failpoint('a.first')\n    failpoint(variable)\n")
    (package / "inner" / "b.py").write_text("failpoint('b.second')\nother('no')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert names("some_package") == {"a.first", "b.second"}


def test_the_kernel_has_them_at_its_crash_relevant_lines() -> None:
    assert {"outbox.relay.after_publish", "consumer.before_commit", "idempotency.after_run"} <= names(
        "common"
    )
